#pragma once

#include "plugin/cluster/directory.hpp"
#include "plugin/node/settings.hpp"
#include "plugin/wiring/node_network.hpp"

#include <map>
#include <optional>
#include <string>

namespace node {

/// The next hops to another node. One of family ipv6 serves both families.
struct NodeHops {
  std::optional<wiring::NextHop> ipv4{};  ///< only for IPv4 routes
  std::optional<wiring::NextHop> ipv6{};  ///< for all routes that the other does not serve

  bool operator==(const NodeHops&) const = default;
};

/// What the next hops of a node depend on, besides the other node.
struct OwnNode {
  cluster::Node node{};  ///< without addresses if it is not in the directory
  const Underlay& underlay;
  const Settings& settings;
};

/// None if the nodes have no family in common, if Routing::direct excludes the tunnel, or if it would be VXLAN on a
/// kernel without IPv6: the gateway of VXLAN is an IPv6 address.
NodeHops next_hops_to(const std::string& name, const cluster::Node& other, const OwnNode& own);

/// The MAC of the VXLAN device of a node, and the link-local address that the next hops to the node use.
cni::MacAddress tunnel_mac(const std::string& node);
cni::IpAddress tunnel_gateway(const std::string& node);

/// An ID for each next hop, by its key. A hop that exists keeps its ID; others get the hash of the key, or the next
/// free number.
std::map<std::string, std::uint32_t> next_hop_ids(const std::map<std::string, wiring::NextHop>& hops,
                                                  const std::map<std::uint32_t, wiring::NextHop>& existing);

}  // namespace node
