#pragma once

#include "plugin/cni/network_config.hpp"

#include <optional>
#include <string>
#include <vector>

// The network configurations that runtimes read.
namespace inspect {

constexpr const char* usual_configurations = "/etc/cni/net.d";

/// Paths of the files in the folder that runtimes take for configurations, in ascending order; nullopt where there is
/// no such folder. Throws std::system_error.
std::optional<std::vector<std::string>> find_configurations(const std::string& folder);

/// Empty for what cannot be read. Never waits, whatever the file is.
std::string configuration_text(const std::string& path);

/// The values of the key dataDir of veth-ipam in these files. What cannot be read has none: `vethctl validate` tells
/// why.
std::vector<std::string> configured_roots(const std::string& folder);

/// The configurations of this plugin in these files, each with the name of its network. What cannot be read has none.
std::vector<cni::NetworkConfig> configured_networks(const std::string& folder);

}  // namespace inspect
