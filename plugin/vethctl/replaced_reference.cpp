#include "plugin/vethctl/replaced_reference.hpp"

#include "plugin/cni/plugin_folders.hpp"

#include <sys/stat.h>

#include <optional>

namespace vethctl {
namespace {

/// The status of the executable that a runtime would run: the first one of the name.
std::optional<struct stat> find_executable(const std::string& name, std::string_view cni_path) {
  for (const auto& folder : cni::plugin_folders(cni_path)) {
    struct stat status {};
    if (::stat((folder + '/' + name).c_str(), &status) == 0) return status;
  }
  return std::nullopt;
}

}  // namespace

bool is_replaced_by_veth(const std::string& type, std::string_view cni_path) {
  if (type.empty() || type.find('/') != std::string::npos) return false;
  const auto named = find_executable(type, cni_path);
  const auto own = find_executable("veth", cni_path);
  return named && own && named->st_dev == own->st_dev && named->st_ino == own->st_ino;
}

}  // namespace vethctl
