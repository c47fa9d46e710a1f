#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <cstdint>
#include <span>

namespace kernel {

/// The least MTU among the devices of the default routes of these families: of each family the unicast route of the
/// lowest metric, all its next hops. 1500 where there is none. `host` is a NETLINK_ROUTE socket.
std::uint32_t default_route_mtu(NetlinkSocket& host, std::span<const cni::Family> families);

}  // namespace kernel
