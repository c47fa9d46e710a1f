#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>

namespace wiring {

/// Mode "ovs": the host end is a port of a bridge of Open vSwitch. `mtu` is in bytes.
Wiring wire_ovs(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu);

/// The port of a configuration.
OvsPort ovs_port_of(const cni::OvsConfig& config);

/// Limits what the switch receives from the port. Its units are 1,000 bits; they are rounded up.
void set_policing(const RateLimit& limit, OvsPort& port);

}  // namespace wiring
