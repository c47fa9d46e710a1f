#include "plugin/vethctl/inspect/configurations.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/state/directory_reader.hpp"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace inspect {
namespace {

bool is_configuration(std::string_view name) {
  return name.ends_with(".conf") || name.ends_with(".conflist") || name.ends_with(".json");
}

/// Relative ones are refused by ADD.
void add_root(cni::JsonObject plugin, std::vector<std::string>& roots) {
  auto ipam = plugin.find_object("ipam");
  if (!ipam || ipam->string_or("type", "") != "veth-ipam") return;
  const auto root = ipam->string_or("dataDir", "");
  if (root.starts_with('/')) roots.push_back(root);
}

void add_roots(const std::string& text, std::vector<std::string>& roots) try {
  const cni::JsonDocument document{text, "a network configuration"};
  auto network = document.root().as_object();
  const auto plugins = network.find("plugins");
  if (!plugins) return add_root(std::move(network), roots);
  for (const auto& plugin : plugins->as_array()) add_root(plugin.as_object(), roots);
} catch (const cni::Error&) {
  return;
}

}  // namespace

std::optional<std::vector<std::string>> find_configurations(const std::string& folder) {
  const auto directory = posix::find_file(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY);
  if (!directory) return std::nullopt;
  std::vector<std::string> files;
  state::DirectoryReader reader{directory->get()};
  while (const auto entry = reader.next()) {
    if (is_configuration(entry->name)) files.push_back(folder + '/' + std::string{entry->name});
  }
  std::ranges::sort(files);
  return files;
}

std::string configuration_text(const std::string& path) try {
  constexpr std::size_t largest = std::size_t{1} << 20U;
  const auto file = posix::find_file(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
  return file ? posix::read_to_end(file->get(), largest, std::chrono::milliseconds{0}) : std::string{};
} catch (const std::system_error&) {
  return {};
}

std::vector<std::string> configured_roots(const std::string& folder) try {
  std::vector<std::string> roots;
  if (folder.empty()) return roots;
  for (const auto& file : find_configurations(folder).value_or(std::vector<std::string>{})) {
    add_roots(configuration_text(file), roots);
  }
  return roots;
} catch (const std::system_error&) {
  return {};
}

}  // namespace inspect
