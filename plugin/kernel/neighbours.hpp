#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

namespace kernel {

/// Puts a neighbour in place as "reachable", in place of what is known of it. Not "permanent": a later change of its
/// MAC is found out. A neighbour table that is full is no failure: the neighbour is asked for then, as ever.
NetlinkRequest set_neighbour(const Device& device, const wiring::Neighbour& neighbour);

}  // namespace kernel
