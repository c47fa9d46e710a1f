#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/wiring/wiring.hpp"

#include <optional>
#include <string>

namespace wiring {

/// What the runtime wants mapped, to the first address of each family that the lease has; nullopt where it wants
/// nothing. A wish for all host addresses of a family that the container does not have is left out where another wish
/// maps the same port in its family. Throws cni::Error invalid_config for a port of the host that would lead to two
/// places, and for any other host address of a family that the container does not have.
std::optional<HostPorts> host_ports(const cni::NetworkConfig& config, const cni::Lease& lease);

/// The host's side of it, "8080/tcp" or "192.0.2.1:8080/udp".
std::string host_side(const PortMapping& mapping);

/// All of it: "8080/tcp -> 10.1.2.3:80".
std::string words(const PortMapping& mapping);

}  // namespace wiring
