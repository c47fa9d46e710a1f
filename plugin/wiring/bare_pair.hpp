#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>

// What all modes begin with.
namespace wiring {

/// Both ends with their names and MACs, and nothing on them. `mtu` is in bytes.
Wiring bare_pair(const cni::Request& request, std::uint32_t mtu);

/// Throws cni::Error invalid_config for addresses and gateways that no interface can have, and for IPv6 on a link that
/// is too narrow for it. What an IPAM gives may be anything that a configuration says.
void check_lease(const cni::Lease& lease, std::uint32_t mtu);
void check_address(const cni::Prefix& address);

/// Gives the end the link-local address of its MAC, unless the link is too narrow for IPv6.
void add_link_local(End& end, std::uint32_t mtu);

bool is_ipv6(const cni::LeasedAddress& leased);

}  // namespace wiring
