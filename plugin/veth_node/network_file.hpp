#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/veth_node/config.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace veth_node {

/// The network configuration for runtimes: that of `vethctl install`, with a pool or with the networks of the node.
std::string to_conflist(const NetworkFile& network, const std::vector<cni::Prefix>& networks);

/// Replaces the file atomically; false if it has this content already. Creates its folder. Throws std::system_error.
bool replace_if_different(const std::string& path, std::string_view content);

}  // namespace veth_node
