#include "plugin/wiring/wiring.hpp"

#include <algorithm>
#include <set>

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

std::vector<std::uint16_t> vlan_ids(const std::vector<cni::VlanRange>& ranges) {
  std::set<std::uint16_t> ids;
  for (const auto& range : ranges) {
    for (std::uint32_t id = range.first; id <= range.last; ++id) ids.insert(static_cast<std::uint16_t>(id));
  }
  return {ids.begin(), ids.end()};
}

std::string gateway_interface(const Bridge& bridge) { return cni::bridge_segment(bridge.name, bridge.vlan); }

std::string gateway_port(const Bridge& bridge) {
  return cni::host_interface_name(cni::tag_of_network(gateway_interface(bridge)));
}

std::string host_side_interface(const Wiring& wiring) {
  return wiring.bridge ? gateway_interface(*wiring.bridge) : wiring.host.name;
}

bool is_routed(const Wiring& wiring) { return !wiring.bridge && !wiring.ovs_port && wiring.peer_netns.empty(); }

const End& ovs_end(const Wiring& wiring) { return wiring.bridge ? wiring.container : wiring.host; }

const End& end_opposite_to_ovs(const Wiring& wiring) { return wiring.bridge ? wiring.host : wiring.container; }

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
  if (wiring.ovs_port) return "ovs";
  return wiring.peer_netns.empty() ? "ptp" : "netns";
}

}  // namespace wiring
