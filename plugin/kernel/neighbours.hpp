#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

namespace kernel {

/// Adds or replaces a neighbour entry with state "reachable". It is "permanent" only if the wiring demands it, so that
/// a later change of the MAC is noticed (RFC 4861, section 7.3). It has the flag "extern_learn", since the kernel does
/// not count such entries against the limit of its table (gc_thresh3, 1024 for all namespaces together; neigh_alloc()
/// in net/core/neighbour.c). A few hundred containers that start at once would reach that limit.
NetlinkRequest set_neighbour(const Device& device, const wiring::Neighbour& neighbour);

}  // namespace kernel
