#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vethctl {

/// The executables that a configuration needs and the folders of CNI_PATH, as in "/opt/cni/bin:/usr/lib/cni", lack.
struct MissingPlugins {
  bool has_folder = false;           ///< one of the folders exists; otherwise `types` is empty
  std::vector<std::string> types{};  ///< in the order of the configuration, each once

  bool operator==(const MissingPlugins&) const = default;
};

/// `text` is a configuration or a list. The IPAM veth-ipam needs no executable of its own in a plugin of type veth.
MissingPlugins find_missing_plugins(const std::string& text, std::string_view cni_path);

bool is_folder(const std::string& path);

}  // namespace vethctl
