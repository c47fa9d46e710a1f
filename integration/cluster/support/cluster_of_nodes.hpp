#pragma once

#include "integration/support/namespace.hpp"
#include "plugin/cluster/directory.hpp"
#include "plugin/kernel/node_network.hpp"
#include "plugin/node/settings.hpp"

#include <memory>
#include <string>
#include <vector>

namespace cluster_support {

/// How the nodes are connected.
struct Wire {
  bool has_ipv4 = true;
  bool has_ipv6 = true;
  bool has_router = false;  ///< between the nodes; else they are on one bridge
};

/// A network namespace that is a node, and one that is a container of it.
struct ClusterNode {
  explicit ClusterNode(int node_number);

  int number;
  std::string name;  ///< "node1"
  support::Namespace netns;
  support::Namespace pod;
  wiring::NodeNetwork wanted{};
  std::vector<kernel::FailedChange> failed{};  ///< of the last reconcile()
};

/// Nodes with the addresses 192.0.2.N and fd00:2::N (with a router 192.0.2.(4 N) and fd00:2:N::2). Block N of the pool
/// "default" (10.244.0.0/16 and fd00:244::/112, blocks of 256 addresses) belongs to node N; its container has the
/// address 2 of the block.
class ClusterOfNodes {
 public:
  ClusterOfNodes(int count, const Wire& wire);

  ClusterNode& node(int number) { return *nodes_.at(static_cast<std::size_t>(number - 1)); }
  int count() const { return static_cast<int>(nodes_.size()); }
  const support::Namespace& wire() const { return wire_; }

  /// What `veth-node` does on each change: underlay, plan, difference, apply. Returns the changes.
  std::vector<wiring::NodeChange> reconcile(int number, kernel::NodeNetworkMonitor* monitor = nullptr);

  /// On all nodes. Returns the descriptions of all failed changes.
  std::string reconcile_all();

  static std::string pod_address(int number, int family);
  std::string node_address(int number, int family) const;

  /// The pairs of containers that cannot ping each other: "node1 -> node2 over IPv6".
  std::string unreachable_pods(const std::vector<int>& families = {4, 6});

  cluster::Directory directory;
  node::Settings settings;

 private:
  void connect_to_bridge(const ClusterNode& node);
  void connect_to_router(const ClusterNode& node);
  void add_pod(const ClusterNode& node);
  void register_node(const ClusterNode& node);

  Wire wire_kind_;
  support::Namespace wire_{"wire"};
  std::vector<std::unique_ptr<ClusterNode>> nodes_;
};

/// Runs `ip -batch` with these lines in the namespace. Throws std::runtime_error.
void run_ip_lines(const support::Namespace& netns, const std::vector<std::string>& lines);

/// An interface of each namespace.
struct Cable {
  const support::Namespace& left;
  std::string left_name;
  const support::Namespace& right;
  std::string right_name;
};

/// Creates the veth pair, both ends up.
void connect(const Cable& cable);

}  // namespace cluster_support
