#include "plugin/wiring/wire_bridge.hpp"

#include "plugin/wiring/connected.hpp"
#include "plugin/wiring/wire_ovs.hpp"
#include "plugin/wiring/wire_pair.hpp"

#include <algorithm>

namespace wiring {
namespace {

Bridge bridge_of(const cni::BridgeConfig& config) {
  return {.name = config.name,
          .force_address = config.force_address,
          .promiscuous = config.promiscuous,
          .hairpin = config.hairpin,
          .isolated = config.is_isolated,
          .vlan = config.vlan,
          .trunk = config.trunk,
          .keep_default_vlan = config.preserve_default_vlan,
          .check_macs = config.check_macs};
}

void add_gateways(Wiring& wiring, const cni::Lease& lease) {
  auto& gateways = wiring.bridge->gateways;
  for (const auto& [address, gateway] : lease.addresses) {
    (address.address.family == cni::Family::ipv4 ? wiring.forward_ipv4 : wiring.forward_ipv6) = true;
    const cni::Prefix added{gateway.value_or(cni::first_address(address)), address.length};
    if (std::find(gateways.begin(), gateways.end(), added) == gateways.end()) gateways.push_back(added);
  }
}

void add_default_route(cni::Lease& lease, const cni::IpAddress& gateway) {
  const cni::Prefix any{{gateway.family, 0}, 0};
  const bool exists = std::any_of(lease.routes.begin(), lease.routes.end(), [&](const cni::Route& route) {
    return route.destination.length == 0 && route.destination.address.family == gateway.family;
  });
  if (!exists) lease.routes.push_back({.destination = any, .gateway = gateway});
}

}  // namespace

cni::Lease with_bridge_gateways(const cni::BridgeConfig& config, cni::Lease lease) {
  if (!config.is_gateway) return lease;
  for (auto& [address, gateway] : lease.addresses) {
    if (!gateway) gateway = cni::second_address(address);
    if (config.is_default_gateway) add_default_route(lease, *gateway);
  }
  return lease;
}

Wiring wire_bridge(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu) {
  check_lease(lease, mtu);
  const auto& config = request.config.bridge;
  auto wiring = wire_pair(request, mtu);
  wiring.container.mac = mac_on_bridge(request, lease);
  wiring.leave_down = config.disable_container_interface;
  wiring.bridge = bridge_of(config);
  if (!request.config.ovs.bridge.empty()) wiring.ovs_port = ovs_port_of(request.config.ovs);
  const bool is_port = wiring.ovs_port.has_value();
  if (!wiring.leave_down && !is_port) add_link_local(wiring.container, mtu);
  add_addresses(wiring.container, addresses_of(lease));
  add_routes(wiring.container, lease.routes, gateways_of(lease));
  if (config.is_gateway) add_gateways(wiring, lease);
  return wiring;
}

}  // namespace wiring
