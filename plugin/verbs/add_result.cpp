#include "plugin/verbs/add_result.hpp"

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

/// nullopt: those of the previous result are kept.
std::optional<cni::Dns> dns_of(const cni::Request& request, const cni::Lease& lease) {
  if (request.config.requested.dns) return request.config.requested.dns;
  if (request.config.dns) return request.config.dns;
  return lease.dns == cni::Dns{} ? std::nullopt : std::optional{lease.dns};
}

bool is_gateway(const cni::Lease& lease, const cni::IpAddress& address) {
  return std::any_of(lease.addresses.begin(), lease.addresses.end(),
                     [&](const cni::LeasedAddress& leased) { return leased.gateway == address; });
}

cni::Interface bridge_of(const Created& created) {
  return interface_of({.name = created.wiring.bridge->name, .mac = created.bridge_mac}, created.wiring.mtu);
}

cni::Interface vlan_interface_of(const Created& created) {
  const auto name = wiring::gateway_interface(*created.wiring.bridge);
  return interface_of({.name = name, .mac = *created.vlan_interface_mac}, created.wiring.mtu);
}

cni::Interface container_of(const cni::Request& request, const Created& created) {
  auto interface = interface_of(created.wiring.container, created.wiring.mtu);
  interface.sandbox = request.netns;
  return interface;
}

/// Adds addresses of the last interface of the result.
void add_addresses(cni::Result& result, const std::vector<cni::LeasedAddress>& addresses) {
  const auto interface = static_cast<std::uint32_t>(result.interfaces.size() - 1);
  for (const auto& leased : addresses) {
    result.addresses.push_back({.interface = interface, .address = leased.address, .gateway = leased.gateway});
  }
}

void add_peer(cni::Result& result, const cni::Request& request, const Created& created) {
  result.interfaces.push_back(interface_of(created.wiring.host, created.wiring.mtu));
  result.interfaces.back().sandbox = created.wiring.peer_netns;
  std::vector<cni::LeasedAddress> addresses;
  for (const auto& address : request.config.peer.addresses) addresses.push_back({address});
  add_addresses(result, addresses);
}

cni::Interface ifb_of(const wiring::Wiring& wiring) {
  return interface_of({.name = wiring::ifb_name(wiring), .mac = cni::ifb_mac(cni::tag_of(wiring.attachment))},
                      wiring.mtu);
}

void add_interfaces(cni::Result& result, const cni::Request& request, const Created& created) {
  const bool has_peer = !created.wiring.peer_netns.empty();
  if (created.wiring.bridge) result.interfaces.push_back(bridge_of(created));
  if (!has_peer) result.interfaces.push_back(interface_of(created.wiring.host, created.wiring.mtu));
  result.interfaces.push_back(container_of(request, created));
  add_addresses(result, created.lease.addresses);
  if (created.vlan_interface_mac) result.interfaces.push_back(vlan_interface_of(created));
  if (has_peer) add_peer(result, request, created);
  if (created.wiring.egress_limit) result.interfaces.push_back(ifb_of(created.wiring));
}

/// The reference plugins do not report it.
void remove_mtus(std::vector<cni::Interface>& interfaces, std::size_t first) {
  for (auto index = first; index < interfaces.size(); ++index) interfaces[index].mtu = 0;
}

}  // namespace

cni::Result add_result(const cni::Request& request, const Created& created) {
  auto result = request.config.previous.value_or(cni::Result{});
  const auto first = result.interfaces.size();
  add_interfaces(result, request, created);
  if (request.config.dialect.is_reference()) remove_mtus(result.interfaces, first);
  result.routes.insert(result.routes.end(), created.lease.routes.begin(), created.lease.routes.end());
  if (auto dns = dns_of(request, created.lease)) result.dns = *std::move(dns);
  return result;
}

/// In mode netns the peer end may have the same name in its own namespace.
const cni::Interface* find_container_interface(const cni::Result& result, const cni::Request& request) {
  const auto is_own = [&](const cni::Interface& interface) {
    return interface.name == request.attachment.interface && !interface.sandbox.empty() &&
           interface.sandbox != request.config.peer.netns;
  };
  const auto found = std::find_if(result.interfaces.begin(), result.interfaces.end(), is_own);
  return found == result.interfaces.end() ? nullptr : &*found;
}

cni::Lease lease_of(const cni::Result& result, const cni::Request& request) {
  const auto* own = find_container_interface(result, request);
  cni::Lease lease;
  for (const auto& given : result.addresses) {
    const bool has_interface = given.interface && *given.interface < result.interfaces.size();
    if (has_interface && &result.interfaces[*given.interface] != own) continue;
    lease.addresses.push_back({given.address, given.gateway});
  }
  for (const auto& route : result.routes) {
    if (!route.gateway || is_gateway(lease, *route.gateway)) lease.routes.push_back(route);
  }
  lease.dns = result.dns;
  return lease;
}

}  // namespace verbs
