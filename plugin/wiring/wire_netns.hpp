#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>

namespace wiring {

/// Mode "netns": the pair connects the container with a second namespace; no interface is on the host. Wiring::host is
/// the end in the second namespace. `mtu` is in bytes.
Wiring wire_netns(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu);

}  // namespace wiring
