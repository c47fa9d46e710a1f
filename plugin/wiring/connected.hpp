#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/wiring/wiring.hpp"

#include <optional>
#include <vector>

// Addresses and routes of an end whose link has other hosts on it: the kernel adds the connected routes, and next hops
// are on the link.
namespace wiring {

/// The gateway of each family for routes that name none; nullopt: these are link routes.
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

/// Adds the addresses to an end, with connected routes.
void add_addresses(End& end, const std::vector<cni::Prefix>& addresses);

/// Whether the route has the scope link or host: it has no next hop.
bool has_link_scope(const cni::Route& route);

/// Adds each route to an end once. Routes of a family without an address on the end are left out.
void add_routes(End& end, const std::vector<cni::Route>& routes, const DefaultGateways& gateways);

/// Permits the end to send to the addresses of the other end without ARP or neighbour discovery.
void add_neighbours(End& end, const End& other);

}  // namespace wiring
