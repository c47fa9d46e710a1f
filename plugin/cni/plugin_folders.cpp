#include "plugin/cni/plugin_folders.hpp"

#include <algorithm>

namespace cni {

std::vector<std::string> plugin_folders(std::string_view path) {
  std::vector<std::string> folders;
  while (!path.empty()) {
    const std::string_view folder = path.substr(0, path.find(':'));
    if (!folder.empty()) folders.emplace_back(folder);
    path.remove_prefix(std::min(folder.size() + 1, path.size()));
  }
  return folders;
}

}  // namespace cni
