#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>

namespace wiring {

/// Mode "bridge": the host's end is a port of a bridge, which carries the gateways where the configuration says so.
/// `mtu` is in bytes.
Wiring bridged(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu);

/// The lease as a gateway on the bridge completes it: addresses without a gateway get the first of their network
/// (isGateway), and each family a default route (isDefaultGateway).
cni::Lease with_bridge_gateways(const cni::BridgeConfig& config, cni::Lease lease);

}  // namespace wiring
