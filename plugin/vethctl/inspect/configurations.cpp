#include "plugin/vethctl/inspect/configurations.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"
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

/// Relative paths are left out: ADD rejects them.
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

/// The configuration that a runtime passes to the plugin: the entry of the list, with the version and name of the list.
std::string entry_text(const cni::JsonValue& plugin, const std::string& version, const std::string& name) {
  cni::JsonWriter head{0};
  head.begin_object();
  head.member("cniVersion", version);
  head.member("name", name);
  head.end_object();
  auto text = head.finished();
  text.resize(text.rfind('}'));
  const auto entry = plugin.json();
  return text + ',' + entry.substr(entry.find('{') + 1);
}

void add_network(const std::string& text, std::vector<cni::NetworkConfig>& networks) try {
  auto config = cni::parse_network_config(text, cni::Verb::del, {});
  if (config.type == "veth") networks.push_back(std::move(config));
} catch (const cni::Error&) {
  return;
}

void add_networks(const std::string& text, std::vector<cni::NetworkConfig>& networks) try {
  const cni::JsonDocument document{text, "a network configuration"};
  auto list = document.root().as_object();
  const auto plugins = list.find("plugins");
  if (!plugins) return add_network(text, networks);
  const auto version = list.string_or("cniVersion", "");
  const auto name = list.string_or("name", "");
  for (const auto& plugin : plugins->as_array()) add_network(entry_text(plugin, version, name), networks);
} catch (const cni::Error&) {
  return;
}

/// Calls `act` with the text of each file.
void for_each_text(const std::string& folder, const auto& act) try {
  if (folder.empty()) return;
  for (const auto& file : find_configurations(folder).value_or(std::vector<std::string>{})) {
    act(configuration_text(file));
  }
} catch (const std::system_error&) {
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
  constexpr std::size_t max_bytes = std::size_t{1} << 20U;
  const auto file = posix::find_file(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
  return file ? posix::read_to_end(file->get(), max_bytes, std::chrono::milliseconds{0}) : std::string{};
} catch (const std::system_error&) {
  return {};
}

std::vector<std::string> configured_roots(const std::string& folder) {
  std::vector<std::string> roots;
  for_each_text(folder, [&](const std::string& text) { add_roots(text, roots); });
  return roots;
}

std::vector<cni::NetworkConfig> configured_networks(const std::string& folder) {
  std::vector<cni::NetworkConfig> networks;
  for_each_text(folder, [&](const std::string& text) { add_networks(text, networks); });
  return networks;
}

}  // namespace inspect
