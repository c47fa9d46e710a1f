#pragma once

#include "plugin/cni/address.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

// What a node of a cluster has in the kernel to reach the containers of the other nodes, as plain values in the words
// of ip(8): one next hop object for each node, one route for each network of containers, and the tunnel devices.
namespace wiring {

/// How a tunnel transports packets.
enum class Encapsulation : std::uint8_t {
  gpe,   ///< VXLAN-GPE: IP packets without an Ethernet header
  vxlan  ///< VXLAN: Ethernet frames
};

inline constexpr const char* gpe_device = "veth-node0";
inline constexpr const char* vxlan_device = "veth-node1";

/// A VXLAN device in external mode: the next hops contain the destinations of the packets.
struct NodeTunnel {
  Encapsulation encapsulation = Encapsulation::gpe;
  std::uint16_t port = 0;                ///< UDP
  std::uint32_t mtu = 0;                 ///< bytes
  std::optional<cni::MacAddress> mac{};  ///< of an Ethernet device
  bool is_up = true;
  std::set<cni::IpAddress> addresses{};                    ///< of the node itself, as /32 and /128
  std::map<cni::IpAddress, cni::MacAddress> neighbours{};  ///< permanent: the devices of the other nodes

  bool operator==(const NodeTunnel&) const = default;
};

/// The outer addresses of a packet in a tunnel.
struct TunnelEnds {
  std::optional<cni::IpAddress> local{};  ///< nullopt: as the routing tables select it
  cni::IpAddress remote{};
  std::uint32_t vni = 0;

  bool operator==(const TunnelEnds&) const = default;
};

/// A next hop object. One of family ipv6 serves routes of both families, one of family ipv4 only IPv4 routes.
struct NextHop {
  cni::Family family = cni::Family::ipv6;
  std::string device{};
  std::optional<cni::IpAddress> gateway{};  ///< without a tunnel the node itself; in VXLAN the device of the node
  std::optional<TunnelEnds> tunnel{};       ///< nullopt: direct

  bool operator==(const NextHop&) const = default;
};

struct NodeRoute {
  std::uint32_t next_hop = 0;              ///< its ID; 0: not through an object
  std::optional<cni::IpAddress> source{};  ///< of packets that the node itself sends

  bool operator==(const NodeRoute&) const = default;
};

/// Tunnel packets that arrive at the ports from another address are dropped.
struct TunnelFilter {
  std::set<std::uint16_t> ports{};  ///< UDP
  std::set<cni::IpAddress> nodes{};

  bool operator==(const TunnelFilter&) const = default;
};

/// The whole network between this node and the others.
struct NodeNetwork {
  std::map<std::string, NodeTunnel> tunnels{};   ///< by device
  std::map<std::uint32_t, NextHop> next_hops{};  ///< by ID
  std::map<cni::Prefix, NodeRoute> routes{};
  std::set<cni::Prefix> unreachable{};   ///< what no other route matches in these is answered as unreachable
  std::optional<TunnelFilter> filter{};  ///< with a tunnel

  bool operator==(const NodeNetwork&) const = default;
};

/// IDs of next hop objects of this program: 0x76000000 to 0x76ffffff.
inline constexpr std::uint32_t first_next_hop_id = 0x76000000;
inline constexpr std::uint32_t next_hop_id_count = 0x01000000;

constexpr bool is_own_next_hop(std::uint32_t id) {
  return id >= first_next_hop_id && id - first_next_hop_id < next_hop_id_count;
}

/// The smallest MTU of the tunnels; nullopt: there is no tunnel.
std::optional<std::uint32_t> least_mtu(const NodeNetwork& network);

/// "0x76a1b2c3".
std::string next_hop_id_text(std::uint32_t id);

std::string_view to_string(Encapsulation encapsulation);
std::string to_string(const NextHop& hop);

/// One line for each object, in the words of ip(8) and nft(8).
std::string to_string(const NodeNetwork& network);

}  // namespace wiring
