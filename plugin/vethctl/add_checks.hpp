#pragma once

#include <string>
#include <vector>

// The checks of ADD that need no kernel, for the configuration of one plugin in the form that the plugin gets. Each
// returns the JSON pointers of the ignored keys, and throws the cni::Error that ADD would return.
namespace vethctl {

using IgnoredKeys = std::vector<std::string>;

/// The names under which ADD is served: veth, and the reference plugins that it replaces.
bool is_served(const std::string& type);

/// As ADD under the name `type`, which is_served(). The addresses are checked if the IPAM is built in.
IgnoredKeys check_as_add(const std::string& type, const std::string& text);

/// Only the part of the IPAM `ipam_type`, in the configuration of any plugin: veth-ipam, host-local or static.
IgnoredKeys check_as_ipam(const std::string& ipam_type, const std::string& text);

}  // namespace vethctl
