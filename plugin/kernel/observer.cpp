#include "plugin/kernel/observer.hpp"

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/kernel/sysctls.hpp"

namespace kernel {
namespace {

constexpr cni::Family families[] = {cni::Family::ipv4, cni::Family::ipv6};

std::vector<wiring::Route> observe_routes(NetlinkSocket& socket, const Device& device) {
  std::vector<wiring::Route> routes;
  for (const auto family : families) {
    for (const auto& message : socket.dump(list_routes(device, family))) {
      if (const auto found = find_route(message, device.index)) routes.push_back(found->route);
    }
  }
  return routes;
}

}  // namespace

std::vector<cni::Prefix> observe_addresses(NetlinkSocket& socket, const std::string& name, std::uint32_t index) {
  std::vector<cni::Prefix> prefixes;
  for (const auto& message : socket.dump(list_addresses({name, index}))) {
    const auto address = find_interface_address(message);
    if (address && !address->is_duplicate) prefixes.push_back(address->prefix);
  }
  return prefixes;
}

std::optional<wiring::ObservedEnd> observe_end(NetlinkSocket& socket, const std::string& name) {
  const auto link = first_link(socket.transact(one(get_link(name))));
  if (!link) return std::nullopt;
  return wiring::ObservedEnd{.index = link->index,
                             .peer_index = link->peer_index,
                             .alias = link->alias,
                             .mac = link->mac,
                             .mtu = link->mtu,
                             .is_up = link->is_up,
                             .tx_queue_length = link->tx_queue_length,
                             .is_promiscuous = link->is_promiscuous,
                             .is_all_multicast = link->is_all_multicast,
                             .master_index = link->master_index,
                             .is_hairpin = link->port && link->port->hairpin,
                             .is_isolated = link->port && link->port->isolated,
                             .routes_loopback = link->routes_loopback,
                             .addresses = observe_addresses(socket, name, link->index),
                             .routes = observe_routes(socket, {name, link->index})};
}

std::optional<wiring::ObservedBridge> observe_bridge(NetlinkSocket& socket, const wiring::Wiring& wiring) {
  const auto& wanted = *wiring.bridge;
  const auto bridge = first_link(socket.transact(one(get_link(wanted.name))));
  if (!bridge) return std::nullopt;
  wiring::ObservedBridge observed{.index = bridge->index,
                                  .is_bridge = bridge->kind == "bridge",
                                  .is_up = bridge->is_up,
                                  .is_promiscuous = bridge->is_promiscuous};
  const auto carrier = wiring::gateway_interface(wanted);
  const auto link = carrier == wanted.name ? bridge : first_link(socket.transact(one(get_link(carrier))));
  if (!link) return observed;
  observed.addresses = observe_addresses(socket, carrier, link->index);
  observed.routes_loopback = link->routes_loopback;
  if (wiring::maps_loopback(wiring, cni::Family::ipv6))
    observed.routes = observe_routes(socket, {carrier, link->index});
  return observed;
}

bool observe_forwarding(NetlinkSocket& socket, cni::Family family) {
  for (const auto& message : socket.transact(one(ask_forwarding(family)))) {
    if (const auto forwarding = find_forwarding(message)) return forwarding->is_on;
  }
  return false;
}

}  // namespace kernel
