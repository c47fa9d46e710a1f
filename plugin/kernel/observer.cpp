#include "plugin/kernel/observer.hpp"

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/pairs.hpp"
#include "plugin/kernel/port_vlans.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/kernel/sysctls.hpp"

namespace kernel {
namespace {

std::vector<FoundRoute> list_routes_of(NetlinkSocket& socket, const Device& device) {
  std::vector<FoundRoute> routes;
  for (const auto family : cni::families) {
    for (const auto& message : socket.dump(list_routes(device, family))) {
      if (const auto found = find_route(message, device.index)) routes.push_back(*found);
    }
  }
  return routes;
}

std::vector<wiring::Route> observe_routes(NetlinkSocket& socket, const Device& device) {
  std::vector<wiring::Route> routes;
  for (const auto& found : list_routes_of(socket, device)) routes.push_back(found.route);
  return routes;
}

void copy_routes(const RouteTables& routes, wiring::ObservedEnd& end) {
  for (const auto* found : routes.through(end.index)) {
    if (found->protocol == route_protocol) end.own_destinations.push_back(found->route.destination);
    end.routes.push_back(found->route);
  }
}

void observe_routes(NetlinkSocket& socket, const Device& device, wiring::ObservedEnd& end) {
  for (const auto& found : list_routes_of(socket, device)) {
    if (found.is_own) end.own_destinations.push_back(found.route.destination);
    end.routes.push_back(found.route);
  }
}

std::optional<wiring::ObservedEnd> observe_end(NetlinkSocket& socket, const std::optional<Link>& link,
                                               const RouteTables* routes = nullptr) {
  if (!link) return std::nullopt;
  wiring::ObservedEnd end{.index = link->index,
                          .peer_index = link->peer_index,
                          .name = link->name,
                          .kind = link->kind,
                          .alias = link->alias,
                          .mac = link->mac,
                          .mtu = link->mtu,
                          .big_tcp = link->big_tcp,
                          .is_up = link->is_up,
                          .tx_queue_length = link->tx_queue_length,
                          .is_promiscuous = link->is_promiscuous,
                          .is_all_multicast = link->is_all_multicast,
                          .master_index = link->master_index,
                          .is_hairpin = link->port && link->port->hairpin,
                          .is_isolated = link->port && link->port->isolated,
                          .route_localnet = link->route_localnet,
                          .addresses = observe_addresses(socket, link->name, link->index)};
  if (routes != nullptr) {
    copy_routes(*routes, end);
  } else {
    observe_routes(socket, {link->name, link->index}, end);
  }
  return end;
}

/// A link, and the ID that its namespace has for the namespace of the other end.
struct LinkWithNsid {
  std::optional<Link> link;
  std::optional<std::int32_t> other_nsid;
};

/// The link is requested first: the kernel assigns an ID to the other namespace when it reports a link into it
/// (rtnl_fill_link_netnsid() in net/core/rtnetlink.c).
LinkWithNsid find_with_nsid(const EndNamespace& here, NetlinkRequest get, const EndNamespace& other) {
  auto requests = batch_of(std::move(get));
  requests.push_back(get_nsid(other.file, other.path));
  const auto answers = here.socket.send_or_throw(requests);
  LinkWithNsid found{.link = first_link(answers), .other_nsid = std::nullopt};
  for (const auto& message : answers) {
    if (const auto number = find_nsid(message)) found.other_nsid = number;
  }
  return found;
}

bool is_end_of(const wiring::Wiring& wanted, const Link& link) {
  return is_pair_kind(link.kind) && (link.mac == wanted.host.mac || link.alias == cni::alias_of(wanted.attachment));
}

LinkWithNsid find_host_end(const wiring::Wiring& wanted, const PairNamespaces& namespaces, std::uint32_t peer_index) {
  const auto& [container, host, recorded_index] = namespaces;
  auto named = find_with_nsid(host, get_link(wanted.host.name), container);
  const auto index = recorded_index != 0 ? recorded_index : peer_index;
  if (named.link || index == 0) return named;
  auto numbered = find_with_nsid(host, get_link(index), container);
  if (numbered.link && !is_end_of(wanted, *numbered.link)) numbered.link.reset();
  return numbered;
}

/// Without IFLA_LINK_NETNSID the other end is in the same namespace.
bool leads_to(const LinkWithNsid& from, const LinkWithNsid& to, bool is_same_namespace) {
  if (!is_pair_kind(from.link->kind) || from.link->peer_index != to.link->index) return false;
  if (!from.link->peer_nsid) return is_same_namespace;
  return from.link->peer_nsid == from.other_nsid;
}

/// None: an administrator has created the interface in the VLAN (BridgeBuilder::gateway_link()).
std::optional<wiring::GatewayPort> observe_gateway_port(NetlinkSocket& socket, const wiring::Bridge& wanted,
                                                        std::uint32_t bridge_index) {
  if (wanted.vlan == 0 || wanted.gateways.empty()) return std::nullopt;
  const auto port = first_link(socket.send_or_throw(get_link(wiring::gateway_port(wanted))));
  if (!port) return std::nullopt;
  wiring::GatewayPort observed{.name = port->name};
  if (port->master_index == bridge_index) observed.vlans = observe_vlans(socket, {port->name, port->index});
  return observed;
}

}  // namespace

std::vector<InterfaceAddress> observe_usable_addresses(NetlinkSocket& socket, const Device& device) {
  std::vector<InterfaceAddress> addresses;
  for (const auto& message : socket.dump(list_addresses(device))) {
    const auto address = find_interface_address(message);
    if (address && !address->is_duplicate) addresses.push_back(*address);
  }
  return addresses;
}

std::vector<cni::Prefix> observe_addresses(NetlinkSocket& socket, const std::string& name, std::uint32_t index) {
  std::vector<cni::Prefix> prefixes;
  for (const auto& address : observe_usable_addresses(socket, {name, index})) prefixes.push_back(address.prefix);
  return prefixes;
}

std::optional<wiring::ObservedEnd> observe_end(NetlinkSocket& socket, const std::string& name) {
  return observe_end(socket, first_link(socket.send_or_throw(get_link(name))));
}

void observe_pair(const wiring::Wiring& wanted, const PairNamespaces& namespaces, wiring::Observed& observed) {
  const auto container = find_with_nsid(namespaces.container, get_link(wanted.container.name), namespaces.host);
  const auto host = find_host_end(wanted, namespaces, container.link ? container.link->peer_index : 0);
  observed.container = observe_end(namespaces.container.socket, container.link);
  observed.host = observe_end(namespaces.host.socket, host.link, namespaces.host.routes);
  if (!container.link || !host.link) return;
  const bool is_same = !container.link->peer_nsid && !host.link->peer_nsid &&
                       is_same_namespace(namespaces.container.file, namespaces.host.file);
  observed.is_pair = leads_to(container, host, is_same) && leads_to(host, container, is_same);
}

std::optional<wiring::ObservedBridge> observe_bridge(NetlinkSocket& socket, const wiring::Wiring& wiring) {
  const auto& wanted = *wiring.bridge;
  const auto bridge = first_link(socket.send_or_throw(get_link(wanted.name)));
  if (!bridge) return std::nullopt;
  wiring::ObservedBridge observed{.index = bridge->index,
                                  .is_bridge = bridge->kind == "bridge",
                                  .is_up = bridge->is_up,
                                  .is_promiscuous = bridge->is_promiscuous,
                                  .filters_vlans = bridge->filters_vlans,
                                  .default_vlan = bridge->default_vlan};
  const auto carrier = wiring::gateway_interface(wanted);
  const auto link = carrier == wanted.name ? bridge : first_link(socket.send_or_throw(get_link(carrier)));
  if (!link) return observed;
  observed.gateway_port = observe_gateway_port(socket, wanted, bridge->index);
  observed.addresses = observe_addresses(socket, carrier, link->index);
  observed.route_localnet = link->route_localnet;
  if (wiring::maps_loopback(wiring, cni::Family::ipv6))
    observed.routes = observe_routes(socket, {carrier, link->index});
  return observed;
}

bool observe_forwarding(NetlinkSocket& socket, cni::Family family) {
  for (const auto& message : socket.send_or_throw(get_forwarding(family))) {
    if (const auto forwarding = find_forwarding(message)) return forwarding->is_on;
  }
  return false;
}

}  // namespace kernel
