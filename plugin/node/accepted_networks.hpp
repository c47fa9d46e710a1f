#pragma once

#include "plugin/cluster/directory.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace node {

/// A network of containers that gets no route.
struct RejectedNetwork {
  enum class Reason : std::uint8_t {
    overlaps,           ///< with a network of `other`
    contains_node,      ///< the address of the node `other`: packets between the nodes would be captured
    not_for_containers  ///< loopback, link-local or multicast addresses
  };

  std::string node{};
  cni::Prefix network{};
  Reason reason{};
  std::string other{};

  bool operator==(const RejectedNetwork&) const = default;
};

/// "node "b": network 10.1.0.0/16 overlaps with a network of node "a"".
std::string to_string(const RejectedNetwork& rejected);

struct AcceptedNetworks {
  std::map<std::string, std::vector<cni::Prefix>> by_node{};
  std::vector<RejectedNetwork> rejected{};
};

/// The networks of containers that can be routed. Of two that overlap, that of this node is accepted, else that of the
/// node with the lower name.
AcceptedNetworks accepted_networks(const cluster::Directory& directory, const std::string& own_node);

}  // namespace node
