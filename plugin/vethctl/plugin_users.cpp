#include "plugin/vethctl/plugin_users.hpp"

#include "plugin/vethctl/configurations.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"

#include <algorithm>

namespace vethctl {
namespace {

bool has(const std::vector<std::string>& types, const std::string& type) {
  return std::ranges::find(types, type) != types.end();
}

bool uses(const std::string& file, const std::vector<std::string>& types) {
  return std::ranges::any_of(
      parse_configurations(inspect::configuration_text(file)),
      [&](const PluginConfiguration& plugin) { return has(types, plugin.type) || has(types, plugin.ipam_type); });
}

}  // namespace

std::vector<std::string> configurations_using(const std::vector<std::string>& types, const std::string& folder) {
  auto files = inspect::find_configurations(folder).value_or(std::vector<std::string>{});
  std::erase_if(files, [&](const std::string& file) { return !uses(file, types); });
  return files;
}

std::vector<std::string> configurations_before(const std::string& folder) {
  std::vector<std::string> before;
  for (const auto& file : inspect::find_configurations(folder).value_or(std::vector<std::string>{})) {
    if (uses(file, {"veth"})) return before;
    if (!parse_configurations(inspect::configuration_text(file)).empty()) before.push_back(file);
  }
  return {};
}

}  // namespace vethctl
