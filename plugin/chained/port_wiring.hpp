#pragma once

#include "plugin/cni/chained_config.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/wiring/wiring.hpp"

#include <optional>
#include <string>

namespace chained {

/// The addresses to which ports are mapped: the first of each family that the result of the plugins before assigns to
/// the container's interface, or to no interface.
cni::Lease mapped_addresses(const cni::Result& previous, const std::string& interface);

/// How packets from the host reach the container.
struct HostSide {
  wiring::End container{};  ///< name and MAC
  wiring::End host{};       ///< name and MAC; empty: it has no end on the host
  std::string bridge{};     ///< the device through which the host sends to the container, if that is not the host end
};

/// The part of a chain's wiring that portmap adds; nullopt if no port is mapped to an address of the container. Skips
/// mappings of a host address of a family that the container does not have.
std::optional<wiring::Wiring> wire_ports(const cni::Request& request, const cni::PortMapConfig& config,
                                         const cni::Lease& lease, const HostSide& side);

}  // namespace chained
