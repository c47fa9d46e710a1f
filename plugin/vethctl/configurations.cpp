#include "plugin/vethctl/configurations.hpp"

#include "plugin/vethctl/configuration_json.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

namespace vethctl {
namespace {

using nlohmann::ordered_json;

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

std::vector<PluginConfiguration> parse_configurations(const std::string& text) {
  std::vector<PluginConfiguration> all;
  const auto json = ordered_json::parse(text, nullptr, false);
  const auto* plugins = json.is_object() ? find_member(json, "plugins") : nullptr;
  if (plugins == nullptr) {
    append(all, json);
  } else if (plugins->is_array()) {
    append_list(all, json, *plugins);
  }
  return all;
}

std::vector<PluginConfiguration> read_configurations(const std::string& folder) {
  std::vector<PluginConfiguration> all;
  for (const auto& file : inspect::find_configurations(folder).value_or(std::vector<std::string>{})) {
    std::ranges::move(parse_configurations(inspect::configuration_text(file)), std::back_inserter(all));
  }
  return all;
}

}  // namespace vethctl
