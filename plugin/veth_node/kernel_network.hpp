#pragma once

#include "plugin/kernel/node_network_monitor.hpp"
#include "plugin/node/settings.hpp"
#include "plugin/veth_node/network.hpp"
#include "plugin/wiring/node_network.hpp"
#include "plugin/wiring/underlay.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace veth_node {

/// The network of this node in the Linux kernel. As long as the kernel reports no changes by other programs, it is
/// known without being read; it is read again once a minute, since not every change is reported.
class KernelNetwork : public Network {
 public:
  /// Throws std::system_error.
  KernelNetwork(std::string node, node::Settings settings);

  std::vector<cni::IpAddress> addresses() override;
  bool prefers_vxlan() override;
  std::vector<std::string> sync(const cluster::Directory& directory) override;
  int file() const override { return monitor_.file(); }
  bool has_changed() override;

 private:
  void observe(const cluster::Directory& directory);
  void read_new_addresses(const cluster::Directory& directory);

  std::string node_;
  node::Settings settings_;
  kernel::NodeNetworkMonitor monitor_;
  wiring::Underlay underlay_;
  std::optional<wiring::NodeNetwork> known_;  ///< nullopt: it has to be read
  std::set<cni::IpAddress> asked_;            ///< the addresses that the underlay contains
  std::chrono::steady_clock::time_point observed_at_;
};

/// What the kernel has of the network between nodes, and what the directory wants.
struct NetworkState {
  wiring::NodeNetwork wanted{};
  wiring::NodeNetwork observed{};
  std::uint32_t underlay_mtu = 0;  ///< bytes
};

/// Changes nothing. Throws std::system_error.
NetworkState read_network_state(const cluster::Directory& directory, const std::string& node,
                                const node::Settings& settings);

/// The addresses with which this node sends to the Internet, at most one of each family. Sends nothing.
std::vector<cni::IpAddress> own_addresses();

}  // namespace veth_node
