#include "plugin/wiring/wiring.hpp"

#include <algorithm>

namespace wiring {

Route route_by(const cni::Route& configured, const std::optional<cni::IpAddress>& gateway) {
  return {.destination = cni::network_of(configured.destination),
          .gateway = gateway,
          .mtu = configured.mtu,
          .advmss = configured.advmss,
          .priority = configured.priority,
          .table = configured.table == main_table ? std::nullopt : configured.table,
          .scope = configured.scope};
}

std::string gateway_interface(const Bridge& bridge) { return cni::bridge_segment(bridge.name, bridge.vlan); }

std::string host_side_interface(const Wiring& wiring) {
  return wiring.bridge ? gateway_interface(*wiring.bridge) : wiring.host.name;
}

bool has_route(const End& end, const Route& route) {
  return std::any_of(end.routes.begin(), end.routes.end(), [&](const Route& other) {
    return other.destination == route.destination && other.gateway == route.gateway && other.table == route.table &&
           other.priority == route.priority;
  });
}

bool needs_rules(const Wiring& wiring) {
  return !wiring.masquerades.empty() || wiring.host_ports || (wiring.bridge && wiring.bridge->check_macs);
}

bool maps_loopback(const Wiring& wiring, cni::Family family) {
  if (!wiring.host_ports || !wiring.host_ports->source_nat) return false;
  const auto& mappings = wiring.host_ports->mappings;
  return std::any_of(mappings.begin(), mappings.end(), [family](const PortMapping& mapping) {
    const bool maps_loopback_address = !mapping.host_address || cni::is_loopback(*mapping.host_address);
    return maps_loopback_address && mapping.container_address.family == family;
  });
}

std::vector<cni::IpAddress> sources_of(const End& end) {
  std::vector<cni::IpAddress> sources;
  for (const auto& address : end.addresses) sources.push_back(address.prefix.address);
  return sources;
}

bool has_ipv6(const End& end) {
  return std::any_of(end.addresses.begin(), end.addresses.end(), [](const Address& address) {
    const auto& ip = address.prefix.address;
    return ip.family == cni::Family::ipv6 && !cni::is_link_local(ip);
  });
}

std::string ifb_name(const Wiring& wiring) {
  return wiring.ifb.empty() ? cni::ifb_name(cni::tag_of(wiring.attachment)) : wiring.ifb;
}

std::string_view mode_of(const Wiring& wiring) {
  if (wiring.bridge) return "bridge";
  return wiring.peer_netns.empty() ? "ptp" : "netns";
}

}  // namespace wiring
