#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/veth_node/config.hpp"

#include <functional>
#include <string>
#include <vector>

namespace veth_node {

/// Whether the node needs networks of the Node object, and it has none yet: the controller manager may assign them
/// later. A node whose containers get addresses of a pool needs none.
bool lacks_pod_networks(const Config& config);

/// The error of a node without podCIDRs: try_again_later.
cni::Error missing_pod_networks(const std::string& node);

/// Calls `read`, which returns the networks of the node, until it returns some. It may throw try_again_later. `pause`
/// is called with the reason after each attempt; it returns false when the time is over: then the reason is thrown.
/// Other errors are thrown at once.
std::vector<cni::Prefix> wait_for_pod_networks(const std::string& node,
                                               const std::function<std::vector<cni::Prefix>()>& read,
                                               const std::function<bool(const cni::Error&)>& pause);

}  // namespace veth_node
