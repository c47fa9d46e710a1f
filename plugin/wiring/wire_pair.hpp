#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>

// Functions that all modes share.
namespace wiring {

/// The names and MACs of both ends, without addresses and routes. `mtu` is in bytes.
Wiring wire_pair(const cni::Request& request, std::uint32_t mtu);

/// The MAC of a container on a bridge: the requested one, or one that depends on the address and not on the container,
/// so that neighbour entries on the bridge stay valid when another container gets the address.
cni::MacAddress mac_on_bridge(const cni::Request& request, const cni::Lease& lease);

/// Throws cni::Error invalid_config for addresses and gateways that no interface can have, and for IPv6 addresses if
/// the MTU is less than 1280. An IPAM may return any address that its configuration contains.
void check_lease(const cni::Lease& lease, std::uint32_t mtu);
void check_address(const cni::Prefix& address);

/// Adds the link-local address of the MAC to the end, unless the MTU is too small for IPv6.
void add_link_local(End& end, std::uint32_t mtu);

bool is_ipv6(const cni::LeasedAddress& leased);

}  // namespace wiring
