#include "plugin/vethctl/configurations.hpp"

#include "plugin/cni/key_spelling.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/state/directory_reader.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

namespace vethctl {
namespace {

using nlohmann::ordered_json;

bool is_configuration(std::string_view name) {
  constexpr std::array<std::string_view, 3> endings{".conf", ".conflist", ".json"};
  return std::ranges::any_of(endings, [name](std::string_view ending) { return name.ends_with(ending); });
}

std::vector<std::string> files_in(const posix::FileDescriptor& folder) {
  std::vector<std::string> files;
  state::DirectoryReader reader{folder.get()};
  while (const auto entry = reader.next()) {
    if (is_configuration(entry->name)) files.emplace_back(entry->name);
  }
  std::ranges::sort(files);
  return files;
}

ordered_json read(int folder, const std::string& file) try {
  constexpr std::size_t largest = std::size_t{1} << 20U;
  const auto text = posix::find_content(folder, file, largest);
  return ordered_json::parse(text.value_or(""), nullptr, false);
} catch (const std::system_error&) {
  return ordered_json::value_t::discarded;
}

const ordered_json* find_member(const ordered_json& object, std::string_view key) {
  for (const auto& [name, member] : object.items()) {
    if (cni::is_same_key(name, key)) return &member;
  }
  return nullptr;
}

std::string string_at(const ordered_json& object, std::string_view key) {
  const auto* member = find_member(object, key);
  return member != nullptr && member->is_string() ? member->get<std::string>() : "";
}

std::string ipam_type_of(const ordered_json& plugin) {
  const auto* ipam = find_member(plugin, "ipam");
  return ipam != nullptr && ipam->is_object() ? string_at(*ipam, "type") : "";
}

void append(std::vector<PluginConfiguration>& all, const ordered_json& plugin) {
  if (!plugin.is_object()) return;
  all.push_back({.type = string_at(plugin, "type"),
                 .ipam_type = ipam_type_of(plugin),
                 .text = plugin.dump(-1, ' ', false, ordered_json::error_handler_t::replace)});
}

void append_list(std::vector<PluginConfiguration>& all, const ordered_json& list, const ordered_json& plugins) {
  for (auto plugin : plugins) {
    for (const char* key : {"name", "cniVersion"}) {
      const auto* value = find_member(list, key);
      if (plugin.is_object() && value != nullptr) plugin[key] = *value;
    }
    append(all, plugin);
  }
}

}  // namespace

std::vector<PluginConfiguration> read_configurations(const std::string& folder) {
  std::vector<PluginConfiguration> all;
  const auto directory = posix::find_file(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY);
  if (!directory) return all;
  for (const auto& file : files_in(*directory)) {
    const auto json = read(directory->get(), file);
    const auto* plugins = json.is_object() ? find_member(json, "plugins") : nullptr;
    if (plugins == nullptr) {
      append(all, json);
    } else if (plugins->is_array()) {
      append_list(all, json, *plugins);
    }
  }
  return all;
}

}  // namespace vethctl
