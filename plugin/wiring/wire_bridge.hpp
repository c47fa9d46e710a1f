#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>

namespace wiring {

/// Mode "bridge": the host end is a port of a bridge. With isGateway the gateway addresses are on the bridge.
/// `mtu` is in bytes.
Wiring wire_bridge(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu);

/// Adds to the lease: with isGateway, the first address of the network as the gateway of each address that has none;
/// with isDefaultGateway, a default route for each address family.
cni::Lease with_bridge_gateways(const cni::BridgeConfig& config, cni::Lease lease);

}  // namespace wiring
