#include "plugin/wiring/node_network.hpp"

#include "plugin/text/joined.hpp"

#include <algorithm>
#include <limits>

namespace wiring {
namespace {

std::string line_of(const std::string& device, const NodeTunnel& tunnel) {
  auto text = "link " + device + " type vxlan external";
  if (tunnel.encapsulation == Encapsulation::gpe) text += " gpe";
  text += " dstport " + std::to_string(tunnel.port) + " mtu " + std::to_string(tunnel.mtu);
  if (tunnel.mac) text += " address " + cni::to_string(*tunnel.mac);
  text += tunnel.is_up ? " up\n" : " down\n";
  for (const auto& address : tunnel.addresses) {
    text += "address " + cni::to_string(cni::host_prefix(address)) + " dev " + device + '\n';
  }
  for (const auto& [address, mac] : tunnel.neighbours) {
    text += "neighbour " + cni::to_string(address) + " lladdr " + cni::to_string(mac) + " dev " + device + '\n';
  }
  return text;
}

std::string line_of(const TunnelFilter& filter) {
  const auto port_text = [](std::uint16_t port) { return std::to_string(port); };
  const auto node_text = [](const cni::IpAddress& node) { return cni::to_string(node); };
  return "filter udp dport { " + text::joined(filter.ports, ", ", port_text) + " } saddr != { " +
         text::joined(filter.nodes, ", ", node_text) + " } drop\n";
}

}  // namespace

std::optional<std::uint32_t> least_mtu(const NodeNetwork& network) {
  std::optional<std::uint32_t> least;
  for (const auto& [device, tunnel] : network.tunnels) least = std::min(least.value_or(tunnel.mtu), tunnel.mtu);
  return least;
}

std::string next_hop_id_text(std::uint32_t id) {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr unsigned bits_per_digit = 4;
  std::string text = "0x";
  for (unsigned shift = std::numeric_limits<std::uint32_t>::digits; shift != 0;) {
    shift -= bits_per_digit;
    text += digits[(id >> shift) & 0xfU];
  }
  return text;
}

std::string_view to_string(Encapsulation encapsulation) {
  return encapsulation == Encapsulation::gpe ? "gpe" : "vxlan";
}

std::string to_string(const NextHop& hop) {
  std::string text;
  if (hop.tunnel) {
    text = "encap id " + std::to_string(hop.tunnel->vni);
    if (hop.tunnel->local) text += " src " + cni::to_string(*hop.tunnel->local);
    text += " dst " + cni::to_string(hop.tunnel->remote) + ' ';
  }
  if (hop.gateway) text += "via " + cni::to_string(*hop.gateway) + ' ';
  return text + "dev " + hop.device;
}

std::string to_string(const NodeNetwork& network) {
  std::string text;
  for (const auto& [device, tunnel] : network.tunnels) text += line_of(device, tunnel);
  if (network.filter) text += line_of(*network.filter);
  for (const auto& [id, hop] : network.next_hops)
    text += "nexthop id " + next_hop_id_text(id) + ' ' + to_string(hop) + '\n';
  for (const auto& [prefix, route] : network.routes) {
    text += "route " + cni::to_string(prefix) + " nhid " + next_hop_id_text(route.next_hop);
    text += route.source ? " src " + cni::to_string(*route.source) + '\n' : std::string{"\n"};
  }
  for (const auto& prefix : network.unreachable) text += "route unreachable " + cni::to_string(prefix) + '\n';
  return text;
}

}  // namespace wiring
