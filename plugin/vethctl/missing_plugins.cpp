#include "plugin/vethctl/missing_plugins.hpp"

#include "plugin/cni/plugin_folders.hpp"
#include "plugin/vethctl/configurations.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace vethctl {
namespace {

bool is_program(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

/// In the order of the configuration, each once. A type with a slash is no name of an executable: others report it.
std::vector<std::string> needed_types(const std::string& text) {
  std::vector<std::string> types;
  const auto add = [&](const std::string& type) {
    const bool is_name = !type.empty() && type.find('/') == std::string::npos;
    if (is_name && std::ranges::find(types, type) == types.end()) types.push_back(type);
  };
  for (const auto& plugin : parse_configurations(text)) {
    const bool is_built_in = plugin.type == "veth" && plugin.ipam_type == "veth-ipam";
    add(plugin.type);
    if (!is_built_in) add(plugin.ipam_type);
  }
  return types;
}

}  // namespace

bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

MissingPlugins find_missing_plugins(const std::string& text, std::string_view cni_path) {
  const auto folders = cni::plugin_folders(cni_path);
  if (std::ranges::none_of(folders, is_folder)) return {};
  MissingPlugins missing{.has_folder = true, .types = needed_types(text)};
  std::erase_if(missing.types, [&](const std::string& type) {
    return std::ranges::any_of(folders, [&](const std::string& folder) { return is_program(folder + '/' + type); });
  });
  return missing;
}

}  // namespace vethctl
