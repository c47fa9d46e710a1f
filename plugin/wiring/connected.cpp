#include "plugin/wiring/connected.hpp"

#include <algorithm>

namespace wiring {
namespace {

std::optional<cni::IpAddress> next_hop(const cni::Route& route, const DefaultGateways& gateways) {
  if (route.gateway) return route.gateway;
  if (has_link_scope(route)) return std::nullopt;
  return gateways.of(route.destination.address.family);
}

/// Whether the end has an address of the family; an IPv6 link-local one does not count.
bool has_family(const End& end, cni::Family family) {
  if (family == cni::Family::ipv6) return has_ipv6(end);
  return std::any_of(end.addresses.begin(), end.addresses.end(),
                     [](const Address& address) { return address.prefix.address.family == cni::Family::ipv4; });
}

}  // namespace

std::vector<cni::Prefix> addresses_of(const cni::Lease& lease) {
  std::vector<cni::Prefix> addresses;
  for (const auto& leased : lease.addresses) addresses.push_back(leased.address);
  return addresses;
}

DefaultGateways gateways_of(const cni::Lease& lease) {
  DefaultGateways gateways;
  for (const auto& [address, gateway] : lease.addresses) {
    auto& first = address.address.family == cni::Family::ipv4 ? gateways.ipv4 : gateways.ipv6;
    if (!first) first = gateway;
  }
  return gateways;
}

void add_addresses(End& end, const std::vector<cni::Prefix>& addresses) {
  for (const auto& address : addresses) end.addresses.push_back({address});
}

bool has_link_scope(const cni::Route& route) {
  constexpr std::uint8_t link_scope = 253;
  return route.scope && *route.scope >= link_scope;
}

void add_routes(End& end, const std::vector<cni::Route>& routes, const DefaultGateways& gateways) {
  for (const auto& route : routes) {
    if (!has_family(end, route.destination.address.family)) continue;
    const auto added = route_by(route, next_hop(route, gateways));
    if (!has_route(end, added)) end.routes.push_back(added);
  }
}

void add_neighbours(End& end, const End& other) {
  for (const auto& address : other.addresses) end.neighbours.push_back({address.prefix.address, other.mac});
}

}  // namespace wiring
