#pragma once

#include "plugin/cni/network_config.hpp"

#include <optional>
#include <string>
#include <vector>

// The folder from which runtimes read network configurations.
namespace inspect {

constexpr const char* default_conf_dir = "/etc/cni/net.d";

/// Paths of the configuration files in the folder (.conf, .conflist, .json), in ascending order; nullopt if the folder
/// does not exist. Throws std::system_error.
std::optional<std::vector<std::string>> find_configurations(const std::string& folder);

/// Content of a file, empty if it cannot be read. Never blocks, also if the file is a pipe.
std::string configuration_text(const std::string& path);

/// The values of the key dataDir of veth-ipam in these files. Invalid files are skipped; `vethctl validate` reports
/// them.
std::vector<std::string> configured_roots(const std::string& folder);

/// The configurations of this plugin in these files, each with the name of its network. Invalid files are skipped.
std::vector<cni::NetworkConfig> configured_networks(const std::string& folder);

}  // namespace inspect
