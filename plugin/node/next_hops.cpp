#include "plugin/node/next_hops.hpp"

#include "plugin/text/hash.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace node {
namespace {

using cni::Family;
using wiring::NextHop;

std::uint64_t hash_of(const std::string& key) { return text::fmix64(text::fnv1a(key)); }

std::optional<cni::IpAddress> address_of(const cluster::Node& node, Family family) {
  const auto found = std::ranges::find(node.addresses, family, &cni::IpAddress::family);
  return found == node.addresses.end() ? std::nullopt : std::optional{*found};
}

std::optional<NextHop> direct_hop(const cluster::Node& other, Family family, const Underlay& underlay) {
  const auto address = address_of(other, family);
  const auto found = address ? underlay.on_link.find(*address) : underlay.on_link.end();
  if (found == underlay.on_link.end()) return std::nullopt;
  return NextHop{.family = family, .device = found->second, .gateway = *address};
}

/// IPv4 headers are smaller. A node that is not in the directory yet has no address: the routing tables select it.
std::optional<wiring::TunnelEnds> tunnel_ends(const cluster::Node& other, const OwnNode& own) {
  for (const auto family : {Family::ipv4, Family::ipv6}) {
    const auto remote = address_of(other, family);
    const auto local = address_of(own.node, family);
    const bool is_usable = local || own.node.addresses.empty();
    if (remote && is_usable) return wiring::TunnelEnds{.local = local, .remote = *remote, .vni = own.settings.vni};
  }
  return std::nullopt;
}

bool uses_vxlan(const cluster::Node& other, const OwnNode& own) {
  return own.settings.encapsulation == EncapsulationChoice::vxlan || own.node.prefers_vxlan || other.prefers_vxlan;
}

std::optional<NextHop> tunnel_hop(const std::string& name, const cluster::Node& other, const OwnNode& own) {
  const auto ends = tunnel_ends(other, own);
  if (!ends) return std::nullopt;
  NextHop hop{
      .family = own.underlay.has_ipv6 ? Family::ipv6 : Family::ipv4, .device = wiring::gpe_device, .tunnel = ends};
  if (uses_vxlan(other, own)) {
    if (!own.underlay.has_ipv6) return std::nullopt;
    hop.device = wiring::vxlan_device;
    hop.gateway = tunnel_gateway(name);
  }
  return hop;
}

NodeHops of_its_family(std::optional<NextHop> hop) {
  if (hop && hop->family == Family::ipv4) return {.ipv4 = std::move(hop)};
  return {.ipv6 = std::move(hop)};
}

}  // namespace

NodeHops next_hops_to(const std::string& name, const cluster::Node& other, const OwnNode& own) {
  const auto routing = own.settings.routing;
  if (routing == Routing::tunnel) return of_its_family(tunnel_hop(name, other, own));
  if (auto direct = direct_hop(other, Family::ipv6, own.underlay)) return {.ipv6 = std::move(direct)};
  auto direct = direct_hop(other, Family::ipv4, own.underlay);
  if (routing == Routing::direct) return {.ipv4 = std::move(direct)};
  auto hops = of_its_family(tunnel_hop(name, other, own));
  if (direct) hops.ipv4 = std::move(direct);
  return hops;
}

/// A locally administered address (IEEE 802, "U/L bit").
cni::MacAddress tunnel_mac(const std::string& node) {
  constexpr std::uint8_t local_unicast = 0x02;
  cni::MacAddress mac;
  const auto hash = hash_of(node);
  for (std::size_t index = 0; index < mac.bytes.size(); ++index) {
    mac.bytes[index] = static_cast<std::uint8_t>(hash >> (8 * index));
  }
  mac.bytes[0] = static_cast<std::uint8_t>((mac.bytes[0] & 0xfcU) | local_unicast);
  return mac;
}

cni::IpAddress tunnel_gateway(const std::string& node) {
  std::array<std::uint8_t, 16> bytes{0xfe, 0x80};
  const auto mac = tunnel_mac(node);
  std::ranges::copy(mac.bytes, bytes.end() - mac.bytes.size());
  return cni::from_bytes(Family::ipv6, bytes.data());
}

std::map<std::string, std::uint32_t> next_hop_ids(const std::map<std::string, NextHop>& hops,
                                                  const std::map<std::uint32_t, NextHop>& existing) {
  const auto id_at = [](std::uint64_t place) {
    return wiring::first_next_hop_id + static_cast<std::uint32_t>(place % wiring::next_hop_id_count);
  };
  std::map<std::string, std::uint32_t> ids;
  std::set<std::uint32_t> taken;
  for (const auto& [key, hop] : hops) {
    const auto hash = hash_of(key);
    for (std::uint64_t place = hash; existing.contains(id_at(place)); ++place) {
      if (existing.at(id_at(place)) != hop || taken.contains(id_at(place))) continue;
      ids[key] = id_at(place);
      taken.insert(id_at(place));
      break;
    }
  }
  for (const auto& [key, hop] : hops) {
    if (ids.contains(key)) continue;
    auto place = hash_of(key);
    while (taken.contains(id_at(place))) ++place;
    ids[key] = id_at(place);
    taken.insert(id_at(place));
  }
  return ids;
}

}  // namespace node
