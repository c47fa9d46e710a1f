#pragma once

#include "plugin/wiring/node_changes.hpp"

#include <span>
#include <system_error>
#include <vector>

// The network between nodes, in the network namespace of the calling thread.
namespace kernel {

class NodeNetworkMonitor;

/// What the kernel has: the tunnel devices by name, and the objects, routes and table of this program. Throws
/// std::system_error.
wiring::NodeNetwork observe_node_network();

struct FailedChange {
  wiring::NodeChange change{};
  std::system_error error;
};

/// Carries out the changes of wiring::difference(), in their order, with a few sendmsg() calls. A change that the
/// kernel refuses does not stop the others. The monitor does not report these changes. Throws std::system_error only if
/// no socket can be opened.
std::vector<FailedChange> apply(std::span<const wiring::NodeChange> changes, NodeNetworkMonitor* monitor = nullptr);

}  // namespace kernel
