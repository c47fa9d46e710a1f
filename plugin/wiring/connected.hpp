#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/wiring/wiring.hpp"

#include <optional>
#include <vector>

// An end that shares its link with others: the kernel makes the connected routes, and next hops are on the link.
namespace wiring {

/// Where routes lead that name no gateway, one for each family; nullopt: they are link routes.
struct DefaultGateways {
  std::optional<cni::IpAddress> ipv4{};
  std::optional<cni::IpAddress> ipv6{};

  const std::optional<cni::IpAddress>& of(cni::Family family) const {
    return family == cni::Family::ipv4 ? ipv4 : ipv6;
  }
};

std::vector<cni::Prefix> addresses_of(const cni::Lease& lease);

/// The first gateway of each family that the addresses of a lease have.
DefaultGateways gateways_of(const cni::Lease& lease);

/// Puts the addresses with their connected routes on an end, and the routes: each once, and those alone whose family
/// the end has an address of.
void lay_connected(End& end, const std::vector<cni::Prefix>& addresses);
void lay_routes(End& end, const std::vector<cni::Route>& routes, const DefaultGateways& gateways);

}  // namespace wiring
