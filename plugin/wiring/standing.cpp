#include "plugin/wiring/standing.hpp"

#include <algorithm>

namespace wiring {
namespace {

constexpr std::uint32_t local_table = 255;

bool is_ipv6_link_local(const cni::IpAddress& address) {
  return address.family == cni::Family::ipv6 && cni::is_link_local(address);
}

/// Routed ends reach their prefix through the other end; of link-local addresses the container's alone has a route.
bool has_prefix_route(const cni::Prefix& prefix, bool is_routed) {
  return !is_routed || (is_ipv6_link_local(prefix.address) && !cni::is_host_prefix(prefix));
}

bool is_connected(const cni::Prefix& destination, const std::vector<Address>& addresses) {
  return std::any_of(addresses.begin(), addresses.end(), [&](const Address& address) {
    return address.prefix_route && cni::network_of(address.prefix) == destination;
  });
}

/// What the kernel made by itself for the addresses, and for multicast.
bool is_of_the_kernel(const Route& route, const std::vector<Address>& addresses) {
  if (route.table == local_table || cni::is_multicast(route.destination.address)) return true;
  return !route.gateway && is_connected(route.destination, addresses);
}

/// A next hop has to be reached before a route can go through it, and the kernel lists routes by their destination.
void put_in_order(std::vector<Route>& routes) {
  std::stable_sort(routes.begin(), routes.end(), [](const Route& left, const Route& right) {
    if (left.gateway.has_value() != right.gateway.has_value()) return !left.gateway;
    return left.destination.length > right.destination.length;
  });
}

End end_of(const std::string& name, const ObservedEnd& there, bool is_routed) {
  End end{.name = name, .mac = there.mac};
  for (const auto& prefix : there.addresses) end.addresses.push_back({prefix, has_prefix_route(prefix, is_routed)});
  for (const auto& route : there.routes) {
    if (!is_of_the_kernel(route, end.addresses)) end.routes.push_back(route);
  }
  put_in_order(end.routes);
  return end;
}

/// Each end knows the MAC of the other.
void introduce(End& end, const End& other) {
  for (const auto& address : other.addresses) end.neighbours.push_back({address.prefix.address, other.mac});
}

void introduce(Wiring& wiring) {
  introduce(wiring.container, wiring.host);
  introduce(wiring.host, wiring.container);
}

bool has_address(const End& end, const cni::IpAddress& address) {
  return std::any_of(end.addresses.begin(), end.addresses.end(),
                     [&](const Address& own) { return own.prefix.address == address; });
}

/// The host has a route to each address of the container, which lives nowhere else.
void lay_routed(Wiring& wiring, const std::vector<cni::Prefix>& host_addresses) {
  for (auto& route : wiring.host.routes) {
    const auto& address = route.destination.address;
    route.exclusive = has_address(wiring.container, address) && !is_ipv6_link_local(address);
  }
  for (const auto& prefix : host_addresses) {
    const auto& address = prefix.address;
    const bool is_gateway = address.family == cni::Family::ipv6 && !cni::is_loopback(address) &&
                            std::any_of(wiring.container.addresses.begin(), wiring.container.addresses.end(),
                                        [&](const Address& own) { return cni::contains(own.prefix, address); });
    if (is_gateway) wiring.host_gateways.push_back(address);
  }
}

/// The bridge's addresses in the container's networks are their gateways.
void lay_bridged(Wiring& wiring, const Standing& standing) {
  const auto& port = *standing.observed.host;
  Bridge bridge{.name = standing.bridge, .hairpin = port.is_hairpin, .isolated = port.is_isolated};
  if (const auto& there = standing.observed.bridge) {
    bridge.promiscuous = there->is_promiscuous;
    for (const auto& prefix : there->addresses) {
      if (is_connected(cni::network_of(prefix), wiring.container.addresses) && !cni::is_link_local(prefix.address))
        bridge.gateways.push_back(prefix);
    }
  }
  wiring.bridge = bridge;
}

bool is_for(const Wiring& wiring, cni::Family family) {
  const auto is_of_family = [&](const cni::Prefix& prefix) {
    return prefix.address.family == family && !is_ipv6_link_local(prefix.address);
  };
  if (wiring.bridge) return std::any_of(wiring.bridge->gateways.begin(), wiring.bridge->gateways.end(), is_of_family);
  return std::any_of(wiring.container.addresses.begin(), wiring.container.addresses.end(),
                     [&](const Address& address) { return is_of_family(address.prefix); });
}

}  // namespace

Wiring wiring_of(const Standing& standing) {
  const bool is_cable = !standing.peer_netns.empty();
  const bool is_bridged = !standing.bridge.empty();
  const bool is_routed = !is_cable && !is_bridged;
  const auto& container = *standing.observed.container;
  Wiring wiring{
      .attachment = standing.attachment, .mtu = standing.observed.host->mtu, .peer_netns = standing.peer_netns};
  wiring.container = end_of(standing.attachment.interface, container, is_routed);
  wiring.host = end_of(standing.host_interface, *standing.observed.host, is_routed);
  if (!is_bridged) introduce(wiring);
  if (is_cable) return wiring;
  if (is_routed) lay_routed(wiring, standing.host_addresses);
  if (is_bridged) lay_bridged(wiring, standing);
  wiring.leave_down = is_bridged && !container.is_up && container.addresses.empty();
  wiring.forward_ipv4 = is_for(wiring, cni::Family::ipv4);
  wiring.forward_ipv6 = is_for(wiring, cni::Family::ipv6);
  return wiring;
}

}  // namespace wiring
