#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/big_tcp.hpp"

#include <cstdint>
#include <span>

namespace kernel {

/// The smallest MTU of the devices of the default routes of these families: for each family, all next hops of the
/// unicast route with the lowest metric. 1500 if there is no default route. `host` is a NETLINK_ROUTE socket.
std::uint32_t default_route_mtu(NetlinkSocket& host, std::span<const cni::Family> families);

/// The settings of the device of each family's default route, the smallest ones of several devices; 0 without a default
/// route.
wiring::BigTcp default_route_big_tcp(NetlinkSocket& host);

}  // namespace kernel
