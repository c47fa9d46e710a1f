#include "plugin/verbs/answer.hpp"

#include <algorithm>

namespace verbs {
namespace {

cni::Interface interface_of(const wiring::End& end, std::uint32_t mtu) {
  cni::Interface interface;
  interface.name = end.name;
  interface.mac = cni::to_string(end.mac);
  interface.mtu = mtu;
  return interface;
}

const cni::Dns& dns_of(const cni::Request& request, const cni::Lease& lease) {
  if (request.config.wishes.dns) return *request.config.wishes.dns;
  return request.config.dns ? *request.config.dns : lease.dns;
}

bool is_gateway(const cni::Lease& lease, const cni::IpAddress& address) {
  return std::any_of(lease.addresses.begin(), lease.addresses.end(),
                     [&](const cni::LeasedAddress& leased) { return leased.gateway == address; });
}

cni::Interface bridge_of(const Made& made) {
  return interface_of({.name = made.wiring.bridge->name, .mac = made.bridge_mac}, made.wiring.mtu);
}

cni::Interface container_of(const cni::Request& request, const Made& made) {
  auto interface = interface_of(made.wiring.container, made.wiring.mtu);
  interface.sandbox = request.netns;
  return interface;
}

/// Addresses of the interface that was told of last.
void tell_addresses(cni::Result& result, const std::vector<cni::LeasedAddress>& addresses) {
  const auto interface = static_cast<std::uint32_t>(result.interfaces.size() - 1);
  for (const auto& leased : addresses) {
    result.addresses.push_back({.interface = interface, .address = leased.address, .gateway = leased.gateway});
  }
}

void tell_peer(cni::Result& result, const cni::Request& request, const Made& made) {
  result.interfaces.push_back(interface_of(made.wiring.host, made.wiring.mtu));
  result.interfaces.back().sandbox = made.wiring.peer_netns;
  std::vector<cni::LeasedAddress> addresses;
  for (const auto& address : request.config.peer.addresses) addresses.push_back({address});
  tell_addresses(result, addresses);
}

cni::Interface ifb_of(const wiring::Wiring& wiring) {
  return interface_of({.name = wiring::ifb_name(wiring), .mac = cni::ifb_mac(cni::tag_of(wiring.attachment))},
                      wiring.mtu);
}

void tell_interfaces(cni::Result& result, const cni::Request& request, const Made& made) {
  const bool has_peer = !made.wiring.peer_netns.empty();
  if (made.wiring.bridge) result.interfaces.push_back(bridge_of(made));
  if (!has_peer) result.interfaces.push_back(interface_of(made.wiring.host, made.wiring.mtu));
  result.interfaces.push_back(container_of(request, made));
  tell_addresses(result, made.lease.addresses);
  if (has_peer) tell_peer(result, request, made);
  if (made.wiring.egress_limit) result.interfaces.push_back(ifb_of(made.wiring));
}

}  // namespace

cni::Result answer(const cni::Request& request, const Made& made) {
  auto result = request.config.previous.value_or(cni::Result{});
  tell_interfaces(result, request, made);
  result.routes.insert(result.routes.end(), made.lease.routes.begin(), made.lease.routes.end());
  if (const auto& dns = dns_of(request, made.lease); dns != cni::Dns{}) result.dns = dns;
  return result;
}

/// In mode netns the other end may have the same name in its own namespace.
const cni::Interface* find_container_interface(const cni::Result& result, const cni::Request& request) {
  const auto is_ours = [&](const cni::Interface& interface) {
    return interface.name == request.attachment.interface && !interface.sandbox.empty() &&
           interface.sandbox != request.config.peer.netns;
  };
  const auto found = std::find_if(result.interfaces.begin(), result.interfaces.end(), is_ours);
  return found == result.interfaces.end() ? nullptr : &*found;
}

cni::Lease lease_of(const cni::Result& result, const cni::Request& request) {
  const auto* ours = find_container_interface(result, request);
  cni::Lease lease;
  for (const auto& given : result.addresses) {
    const bool is_told = given.interface && *given.interface < result.interfaces.size();
    if (is_told && &result.interfaces[*given.interface] != ours) continue;
    lease.addresses.push_back({given.address, given.gateway});
  }
  for (const auto& route : result.routes) {
    if (!route.gateway || is_gateway(lease, *route.gateway)) lease.routes.push_back(route);
  }
  lease.dns = result.dns;
  return lease;
}

}  // namespace verbs
