#include "plugin/wiring/netns_to_netns.hpp"

#include "plugin/wiring/bare_pair.hpp"
#include "plugin/wiring/connected.hpp"

namespace wiring {
namespace {

/// Routes without a gateway lead to the other end of the cable.
void default_to(DefaultGateways& gateways, const std::vector<cni::Prefix>& addresses) {
  for (const auto& prefix : addresses) {
    auto& first = prefix.address.family == cni::Family::ipv4 ? gateways.ipv4 : gateways.ipv6;
    if (!first) first = prefix.address;
  }
}

/// Neither end has to ask for the other's MAC.
void introduce(End& end, const End& other) {
  for (const auto& address : other.addresses) end.neighbours.push_back({address.prefix.address, other.mac});
}

}  // namespace

Wiring netns_to_netns(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu) {
  const auto& peer = request.config.peer;
  check_lease(lease, mtu);
  for (const auto& address : peer.addresses) check_address(address);
  const auto addresses = addresses_of(lease);
  auto wiring = bare_pair(request, mtu);
  wiring.peer_netns = peer.netns;
  wiring.host.name = peer.interface;
  add_link_local(wiring.container, mtu);
  add_link_local(wiring.host, mtu);
  lay_connected(wiring.container, addresses);
  lay_connected(wiring.host, peer.addresses);
  auto gateways = gateways_of(lease);
  default_to(gateways, peer.addresses);
  lay_routes(wiring.container, lease.routes, gateways);
  DefaultGateways peer_gateways;
  default_to(peer_gateways, addresses);
  lay_routes(wiring.host, peer.routes, peer_gateways);
  introduce(wiring.container, wiring.host);
  introduce(wiring.host, wiring.container);
  return wiring;
}

}  // namespace wiring
