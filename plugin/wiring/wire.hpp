#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>

namespace wiring {

/// Adds to a lease of the IPAM what the mode adds: gateways and default routes.
cni::Lease complete_lease(const cni::Request& request, cni::Lease lease);

/// The wiring of a complete lease in the mode of the request. `mtu` is in bytes. Throws cni::Error invalid_config for a
/// lease that the mode does not support.
Wiring wire(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu);

}  // namespace wiring
