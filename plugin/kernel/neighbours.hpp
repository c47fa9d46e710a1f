#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

namespace kernel {

/// Puts a neighbour in place as "reachable", in place of what is known of it. Not "permanent": a later change of its
/// MAC is found out. As "extern_learn": the kernel counts such entries not against the limit of its table (gc_thresh3,
/// 1024 for all namespaces together), which a few hundred containers that start at once would fill.
NetlinkRequest set_neighbour(const Device& device, const wiring::Neighbour& neighbour);

}  // namespace kernel
