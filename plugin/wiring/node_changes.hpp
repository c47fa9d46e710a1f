#pragma once

#include "plugin/wiring/node_network.hpp"

#include <string>
#include <variant>
#include <vector>

namespace wiring {

// The objects of a NodeNetwork, each with its key.

struct TunnelDevice {
  std::string name{};
  NodeTunnel tunnel{};  ///< without addresses and neighbours, which are objects of their own

  bool operator==(const TunnelDevice&) const = default;
};

struct TunnelAddress {
  std::string device{};
  cni::IpAddress address{};

  bool operator==(const TunnelAddress&) const = default;
};

struct TunnelNeighbour {
  std::string device{};
  cni::IpAddress address{};
  cni::MacAddress mac{};

  bool operator==(const TunnelNeighbour&) const = default;
};

struct NextHopObject {
  std::uint32_t id = 0;
  NextHop hop{};

  bool operator==(const NextHopObject&) const = default;
};

struct NetworkRoute {
  cni::Prefix prefix{};
  NodeRoute route{};

  bool operator==(const NetworkRoute&) const = default;
};

struct UnreachableRoute {
  cni::Prefix prefix{};

  bool operator==(const UnreachableRoute&) const = default;
};

/// An element of the set of nodes of the filter.
struct FilterNode {
  cni::IpAddress address{};

  bool operator==(const FilterNode&) const = default;
};

using NodeObject = std::variant<TunnelDevice, TunnelAddress, TunnelNeighbour, NextHopObject, NetworkRoute,
                                UnreachableRoute, TunnelFilter, FilterNode>;

/// One change of the kernel's state. `replace` changes an existing object without a gap.
struct NodeChange {
  enum class Action : std::uint8_t { add, replace, remove };

  Action action{};
  NodeObject object{};

  bool operator==(const NodeChange&) const = default;
};

/// What turns `observed` into `wanted`, in an order in which no packet is lost: what routes need is added before them,
/// and what they needed is removed after them. Nothing for an object that is as wanted.
std::vector<NodeChange> difference(const NodeNetwork& wanted, NodeNetwork observed);

/// "add route 10.244.2.0/24 nhid 0x76a1b2c3".
std::string to_string(const NodeChange& change);

}  // namespace wiring
