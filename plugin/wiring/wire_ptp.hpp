#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>

namespace wiring {

/// Mode "ptp": all packets go through the host, which has a route to each address of the container. `mtu` is in bytes.
/// Throws cni::Error invalid_config for a lease without an address.
Wiring wire_ptp(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu);

}  // namespace wiring
