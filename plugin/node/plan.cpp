#include "plugin/node/plan.hpp"

#include "plugin/node/accepted_networks.hpp"
#include "plugin/node/next_hops.hpp"

#include <algorithm>
#include <utility>

namespace node {
namespace {

using cni::Family;
using wiring::NextHop;

/// Bytes of the headers of a tunnel: IP, UDP, VXLAN and in VXLAN also the inner Ethernet header.
std::uint32_t overhead_of(wiring::Encapsulation encapsulation, Family underlay) {
  const std::uint32_t ip = underlay == Family::ipv4 ? 20 : 40;
  constexpr std::uint32_t udp_and_vxlan = 16;
  constexpr std::uint32_t ethernet = 14;
  return ip + udp_and_vxlan + (encapsulation == wiring::Encapsulation::vxlan ? ethernet : 0);
}

class Planner {
 public:
  Planner(const cluster::Directory& directory, std::string own_name, OwnNode own)
      : directory_(directory), own_name_(std::move(own_name)), own_(std::move(own)) {}

  wiring::NodeNetwork run() {
    const auto networks = accepted_networks(directory_, own_name_).by_node;
    find_hops(has_ipv6(networks));
    add_unreachable(networks);
    add_routes(networks);
    add_tunnels();
    return std::move(network_);
  }

 private:
  using Networks = std::map<std::string, std::vector<cni::Prefix>>;

  static bool has_ipv6(const Networks& networks) {
    return std::ranges::any_of(networks, [](const auto& of_node) {
      return std::ranges::any_of(of_node.second,
                                 [](const cni::Prefix& network) { return network.address.family == Family::ipv6; });
    });
  }

  /// Without IPv6 networks, a node with a direct next hop for IPv4 needs no tunnel.
  void find_hops(bool has_ipv6_networks) {
    for (const auto& [name, node] : directory_.nodes) {
      if (name == own_name_) continue;
      auto hops = next_hops_to(name, node, own_);
      if (hops.ipv4 && !has_ipv6_networks) hops.ipv6.reset();
      hops_.emplace(name, std::move(hops));
    }
  }

  /// The networks of this node are included: an address without a container must not follow the default route.
  void add_unreachable(const Networks& networks) {
    for (const auto& [name, pool] : directory_.pools) {
      for (const auto& prefix : pool.prefixes) network_.unreachable.insert(cni::network_of(prefix));
    }
    const auto own = networks.find(own_name_);
    if (own == networks.end()) return;
    network_.unreachable.insert(own->second.begin(), own->second.end());
    for (const auto& prefix : own->second) own_sources_.try_emplace(prefix.address.family, cni::first_address(prefix));
  }

  /// The next hop of a route; null if there is none.
  static const std::string* key_for(const std::pair<std::string, std::string>& keys, const NodeHops& hops,
                                    Family family) {
    if (family == Family::ipv4 && hops.ipv4) return &keys.first;
    return hops.ipv6 ? &keys.second : nullptr;
  }

  void add_routes(const Networks& networks) {
    std::map<std::string, NextHop> used;
    std::vector<std::pair<cni::Prefix, std::string>> routes;
    for (const auto& [name, prefixes] : networks) {
      const auto found = hops_.find(name);
      if (found == hops_.end()) continue;
      const std::pair keys{name + "/4", name};  // no name contains a slash
      for (const auto& prefix : prefixes) {
        const auto* key = key_for(keys, found->second, prefix.address.family);
        if (key == nullptr) continue;
        used.emplace(*key, key == &keys.first ? *found->second.ipv4 : *found->second.ipv6);
        routes.emplace_back(prefix, *key);
      }
    }
    const auto ids = next_hop_ids(used, own_.underlay.next_hops);
    for (const auto& [key, hop] : used) network_.next_hops[ids.at(key)] = hop;
    for (const auto& [prefix, key] : routes) {
      network_.routes[prefix] = {.next_hop = ids.at(key), .source = source_for(used.at(key), prefix.address.family)};
    }
  }

  /// Packets in a tunnel must have an address that the other node routes back into the tunnel. Without an address of
  /// the family in the underlay, direct packets need one too.
  std::optional<cni::IpAddress> source_for(const NextHop& hop, Family family) const {
    const auto& addresses = own_.node.addresses;
    const bool has_family = std::ranges::find(addresses, family, &cni::IpAddress::family) != addresses.end();
    const auto found = own_sources_.find(family);
    if (found == own_sources_.end() || (!hop.tunnel && has_family)) return std::nullopt;
    return found->second;
  }

  /// Also to nodes without containers: they send packets to the containers of this one.
  void add_tunnels() {
    for (const auto& [name, hops] : hops_) {
      const auto& hop = hops.ipv6 ? hops.ipv6 : hops.ipv4;
      if (hop && hop->tunnel) add_tunnel(name, *hop);
    }
    add_addresses();
    if (!network_.tunnels.empty()) add_filter();
  }

  void add_tunnel(const std::string& name, const NextHop& hop) {
    const bool is_vxlan = hop.device == wiring::vxlan_device;
    const auto encapsulation = is_vxlan ? wiring::Encapsulation::vxlan : wiring::Encapsulation::gpe;
    const auto mtu =
        own_.underlay.mtu - std::min(own_.underlay.mtu, overhead_of(encapsulation, hop.tunnel->remote.family));
    auto& tunnel = network_.tunnels[hop.device];
    tunnel.encapsulation = encapsulation;
    tunnel.port = is_vxlan ? own_.settings.vxlan_port : own_.settings.gpe_port;
    tunnel.mtu = tunnel.mtu == 0 ? mtu : std::min(tunnel.mtu, mtu);
    if (!is_vxlan) return;
    tunnel.mac = tunnel_mac(own_name_);
    tunnel.neighbours[*hop.gateway] = tunnel_mac(name);
  }

  void add_addresses() {
    for (const auto& [prefix, route] : network_.routes) {
      if (!route.source) continue;
      if (network_.tunnels.empty()) network_.tunnels[wiring::gpe_device] = tunnel_without_hops();
      network_.tunnels.begin()->second.addresses.insert(*route.source);
    }
  }

  /// Has the addresses of the node.
  wiring::NodeTunnel tunnel_without_hops() const {
    const auto overhead = overhead_of(wiring::Encapsulation::gpe, Family::ipv6);
    return {.encapsulation = wiring::Encapsulation::gpe,
            .port = own_.settings.gpe_port,
            .mtu = own_.underlay.mtu - std::min(own_.underlay.mtu, overhead)};
  }

  void add_filter() {
    wiring::TunnelFilter filter;
    for (const auto& [name, tunnel] : network_.tunnels) filter.ports.insert(tunnel.port);
    for (const auto& [name, node] : directory_.nodes) {
      if (name != own_name_) filter.nodes.insert(node.addresses.begin(), node.addresses.end());
    }
    network_.filter = std::move(filter);
  }

  const cluster::Directory& directory_;
  std::string own_name_;
  OwnNode own_;
  std::map<std::string, NodeHops> hops_;          ///< by node
  std::map<Family, cni::IpAddress> own_sources_;  ///< the first address of the first network of the node
  wiring::NodeNetwork network_;
};

}  // namespace

wiring::NodeNetwork plan(const cluster::Directory& directory, const std::string& own_node, const Underlay& underlay,
                         const Settings& settings) {
  const auto found = directory.nodes.find(own_node);
  OwnNode own{.node = found == directory.nodes.end() ? cluster::Node{} : found->second,
              .underlay = underlay,
              .settings = settings};
  return Planner{directory, own_node, std::move(own)}.run();
}

}  // namespace node
