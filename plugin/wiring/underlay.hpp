#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/wiring/node_network.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace wiring {

/// What the kernel reports about the network that connects the nodes.
struct Underlay {
  std::map<cni::IpAddress, std::string> on_link{};  ///< nodes that are reached without a router, and the device
  std::uint32_t mtu = 1500;                         ///< the smallest of the devices to the nodes
  bool is_gpe_fast = true;                          ///< kernel and network cards aggregate and segment VXLAN-GPE
  bool has_ipv6 = true;                             ///< the kernel has IPv6
  std::map<std::uint32_t, NextHop>
      next_hops{};  ///< the existing ones, which keep their IDs: see observe_node_network()

  bool operator==(const Underlay&) const = default;
};

}  // namespace wiring
