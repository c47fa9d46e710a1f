#include "plugin/wiring/found_attachment.hpp"

#include "plugin/wiring/connected.hpp"

#include <algorithm>

namespace wiring {
namespace {

constexpr std::uint32_t local_table = 255;

bool is_ipv6_link_local(const cni::IpAddress& address) {
  return address.family == cni::Family::ipv6 && cni::is_link_local(address);
}

/// Ends of mode ptp have no connected routes, except for the link-local address of the container.
bool has_prefix_route(const cni::Prefix& prefix, bool is_routed) {
  return !is_routed || (is_ipv6_link_local(prefix.address) && !cni::is_host_prefix(prefix));
}

bool is_connected(const cni::Prefix& destination, const std::vector<Address>& addresses) {
  return std::any_of(addresses.begin(), addresses.end(), [&](const Address& address) {
    return address.prefix_route && cni::network_of(address.prefix) == destination;
  });
}

/// Routes that the kernel adds for addresses and for multicast.
bool is_kernel_route(const Route& route, const std::vector<Address>& addresses) {
  if (route.table == local_table || cni::is_multicast(route.destination.address)) return true;
  return !route.gateway && is_connected(route.destination, addresses);
}

/// The kernel lists routes by destination, but accepts a route only after the route to its next hop.
void sort_by_dependency(std::vector<Route>& routes) {
  std::stable_sort(routes.begin(), routes.end(), [](const Route& left, const Route& right) {
    if (left.gateway.has_value() != right.gateway.has_value()) return !left.gateway;
    return left.destination.length > right.destination.length;
  });
}

End end_of(const std::string& name, const ObservedEnd& actual, bool is_routed) {
  End end{.name = name, .mac = actual.mac};
  for (const auto& prefix : actual.addresses) end.addresses.push_back({prefix, has_prefix_route(prefix, is_routed)});
  for (const auto& route : actual.routes) {
    if (!is_kernel_route(route, end.addresses)) end.routes.push_back(route);
  }
  sort_by_dependency(end.routes);
  return end;
}

/// IPv6 gateways, which are on lo: see wire_ptp.cpp.
void add_gateway_neighbours(Wiring& wiring) {
  for (const auto& route : wiring.container.routes) {
    const bool is_gateway = !route.gateway && cni::is_host_prefix(route.destination) &&
                            route.destination.address.family == cni::Family::ipv6;
    if (is_gateway) wiring.container.neighbours.push_back({route.destination.address, wiring.host.mac, true});
  }
}

void add_neighbours(Wiring& wiring) {
  add_neighbours(wiring.container, wiring.host);
  add_gateway_neighbours(wiring);
  add_neighbours(wiring.host, wiring.container);
}

bool has_address(const End& end, const cni::IpAddress& address) {
  return std::any_of(end.addresses.begin(), end.addresses.end(),
                     [&](const Address& own) { return own.prefix.address == address; });
}

/// Mode ptp: routes to addresses of the container are exclusive, and IPv6 gateways are on lo.
void add_routed_parts(Wiring& wiring, const std::vector<cni::Prefix>& host_addresses) {
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

/// Mode bridge: addresses of the bridge in the container's networks are gateways.
void add_bridge(Wiring& wiring, const FoundAttachment& found) {
  const auto& port = *found.observed.host;
  Bridge bridge{.name = found.bridge, .hairpin = port.is_hairpin, .isolated = port.is_isolated};
  if (const auto& actual = found.observed.bridge) {
    bridge.promiscuous = actual->is_promiscuous;
    for (const auto& prefix : actual->addresses) {
      if (is_connected(cni::network_of(prefix), wiring.container.addresses) && !cni::is_link_local(prefix.address))
        bridge.gateways.push_back(prefix);
    }
  }
  wiring.bridge = bridge;
}

bool forwards(const Wiring& wiring, cni::Family family) {
  const auto has_family = [&](const cni::Prefix& prefix) {
    return prefix.address.family == family && !is_ipv6_link_local(prefix.address);
  };
  if (wiring.bridge) return std::any_of(wiring.bridge->gateways.begin(), wiring.bridge->gateways.end(), has_family);
  return std::any_of(wiring.container.addresses.begin(), wiring.container.addresses.end(),
                     [&](const Address& address) { return has_family(address.prefix); });
}

}  // namespace

Wiring reconstruct_wiring(const FoundAttachment& found) {
  const bool is_netns_pair = !found.peer_netns.empty();
  const bool is_bridged = !found.bridge.empty();
  const bool is_routed = !is_netns_pair && !is_bridged && !found.ovs_port;
  const auto& container = *found.observed.container;
  Wiring wiring{.attachment = found.attachment,
                .mtu = found.observed.host->mtu,
                .ovs_port = found.ovs_port,
                .peer_netns = found.peer_netns};
  wiring.container = end_of(found.attachment.interface, container, is_routed);
  wiring.host = end_of(found.host_interface, *found.observed.host, is_routed);
  if (found.ovs_port) return wiring;
  if (!is_bridged) add_neighbours(wiring);
  if (is_netns_pair) return wiring;
  if (is_routed) add_routed_parts(wiring, found.host_addresses);
  if (is_bridged) add_bridge(wiring, found);
  wiring.leave_down = is_bridged && !container.is_up && container.addresses.empty();
  wiring.forward_ipv4 = forwards(wiring, cni::Family::ipv4);
  wiring.forward_ipv6 = forwards(wiring, cni::Family::ipv6);
  return wiring;
}

}  // namespace wiring
