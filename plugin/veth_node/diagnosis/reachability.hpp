#pragma once

#include "plugin/kernel/echo_sweep.hpp"
#include "plugin/veth_node/diagnosis/examination.hpp"
#include "plugin/vethctl/inspect/finding.hpp"

#include <functional>
#include <span>
#include <string>
#include <vector>

// Whether the other nodes answer echo requests: at their addresses in the underlay, and through tunnels at their own
// addresses in the networks of containers.
namespace diagnosis {

/// More nodes are not tested.
inline constexpr std::size_t most_tested_nodes = 5000;

/// The ways to the other nodes. Tunnels are left out if the kernel does not have them as the store wants, and for nodes
/// without a block: only the first address of a node's first block is certainly an address of the node itself.
std::vector<Path> paths_to_nodes(const Examination& examination);

/// kernel::exchange_echoes()
using Exchange =
    std::function<std::vector<kernel::ProbeAnswer>(std::span<const kernel::EchoRequest>, const kernel::EchoOptions&)>;

/// Tests all paths at once: with a small packet, then with one of the size that containers send, and, where that one is
/// lost, with packets of other sizes. Four exchanges at most.
std::vector<TestedPath> test_paths(const std::vector<Path>& paths, const veth_node::NetworkState& kernel,
                                   const Exchange& exchange);

/// Nodes that do not answer, tunnels that lose packets, and paths with too small an MTU.
std::vector<inspect::Finding> find_reachability_faults(const Examination& examination);

}  // namespace diagnosis
