#include "plugin/wiring/wire_netns.hpp"

#include "plugin/wiring/connected.hpp"
#include "plugin/wiring/wire_pair.hpp"

namespace wiring {
namespace {

/// Without a gateway of their own, routes lead to the other end of the pair.
void add_missing_gateways(DefaultGateways& gateways, const std::vector<cni::Prefix>& addresses) {
  for (const auto& prefix : addresses) {
    auto& first = prefix.address.family == cni::Family::ipv4 ? gateways.ipv4 : gateways.ipv6;
    if (!first) first = prefix.address;
  }
}

}  // namespace

Wiring wire_netns(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu) {
  const auto& peer = request.config.peer;
  check_lease(lease, mtu);
  for (const auto& address : peer.addresses) check_address(address);
  const auto addresses = addresses_of(lease);
  auto wiring = wire_pair(request, mtu);
  wiring.peer_netns = peer.netns;
  wiring.host.name = peer.interface;
  add_link_local(wiring.container, mtu);
  add_link_local(wiring.host, mtu);
  add_addresses(wiring.container, addresses);
  add_addresses(wiring.host, peer.addresses);
  auto gateways = gateways_of(lease);
  add_missing_gateways(gateways, peer.addresses);
  add_routes(wiring.container, lease.routes, gateways);
  DefaultGateways peer_gateways;
  add_missing_gateways(peer_gateways, addresses);
  add_routes(wiring.host, peer.routes, peer_gateways);
  add_neighbours(wiring.container, wiring.host);
  add_neighbours(wiring.host, wiring.container);
  return wiring;
}

}  // namespace wiring
