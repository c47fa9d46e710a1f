#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>

namespace wiring {

/// Mode "netns": the container and a second namespace like two machines with a cable between them, and nothing on the
/// host. The end that is called "host" in the wiring is the one in the second namespace. `mtu` is in bytes.
Wiring netns_to_netns(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu);

}  // namespace wiring
