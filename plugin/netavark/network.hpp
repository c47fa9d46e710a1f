#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

// A network of netavark: what `podman network create` writes and netavark passes to its plugins
// (https://github.com/containers/netavark/blob/main/plugin-API.md).
namespace netavark {

/// `create`: the network with the values that the user has not set: gateways, the bridge in mode bridge, IPv6 and DNS.
/// Other members stay as they are. Throws cni::Error invalid_config for a network that setup would reject.
std::string complete_network(const std::string& network);

/// The network configuration of veth that does the same. Throws cni::Error invalid_config.
nlohmann::ordered_json to_cni_config(const nlohmann::ordered_json& network);

}  // namespace netavark
