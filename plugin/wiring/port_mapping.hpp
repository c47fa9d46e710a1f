#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/wiring/wiring.hpp"

#include <optional>
#include <string>

namespace wiring {

/// The port mappings that the runtime requests, to the first address of each family of the lease; nullopt if it
/// requests none. Skips a mapping of "0.0.0.0" or "::" if the container has no address of this family and another
/// mapping maps the same port in the other family. Throws cni::Error invalid_config for a host
/// port with two targets, and for any other host address of a family that the container does not have.
std::optional<HostPorts> host_ports(const cni::NetworkConfig& config, const cni::Lease& lease);

/// The host port: "8080/tcp" or "192.0.2.1:8080/udp".
std::string host_port_text(const PortMapping& mapping);

/// "8080/tcp -> 10.1.2.3:80"
std::string to_string(const PortMapping& mapping);

}  // namespace wiring
