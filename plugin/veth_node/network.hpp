#pragma once

#include "plugin/cluster/directory.hpp"
#include "plugin/cni/address.hpp"

#include <string>
#include <vector>

namespace veth_node {

/// The network between the nodes, in the kernel.
class Network {
 public:
  virtual ~Network() = default;

  /// The addresses by which other nodes reach this one, at most one of each family. Throws std::system_error.
  virtual std::vector<cni::IpAddress> addresses() = 0;

  /// Whether this node prefers VXLAN with Ethernet frames in its tunnels: cluster::Node::prefers_vxlan. Throws
  /// std::system_error.
  virtual bool prefers_vxlan() = 0;

  /// Gives the kernel what the directory wants, and changes nothing else. Returns what the kernel has refused. Throws
  /// std::system_error.
  virtual std::vector<std::string> sync(const cluster::Directory& directory) = 0;

  /// A descriptor that is readable when another program may have changed the network; -1: none.
  virtual int file() const = 0;

  /// Reads what the descriptor has. True if sync() is needed.
  virtual bool has_changed() = 0;
};

}  // namespace veth_node
