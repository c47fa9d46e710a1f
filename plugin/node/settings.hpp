#pragma once

#include "plugin/wiring/underlay.hpp"

#include <cstdint>

namespace node {

using Underlay = wiring::Underlay;

/// How packets reach the other nodes.
enum class Routing : std::uint8_t {
  automatic,  ///< directly if no router is between the nodes, else through a tunnel
  direct,     ///< nodes behind a router are unreachable
  tunnel
};

enum class EncapsulationChoice : std::uint8_t { automatic, gpe, vxlan };

struct Settings {
  Routing routing = Routing::automatic;
  EncapsulationChoice encapsulation = EncapsulationChoice::automatic;
  std::uint16_t gpe_port = 4790;    ///< UDP, the same on all nodes
  std::uint16_t vxlan_port = 4789;  ///< UDP, the same on all nodes
  std::uint32_t vni = 1;
};

/// Whether this node wants Ethernet frames in tunnels. For cluster::Node::prefers_vxlan: the two nodes of a tunnel use
/// VXLAN if one of them prefers it, so each node has to publish its preference.
bool prefers_vxlan(const Settings& settings, const Underlay& underlay);

}  // namespace node
