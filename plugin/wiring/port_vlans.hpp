#pragma once

#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace wiring {

/// A VLAN of a bridge port, as `bridge vlan show` prints it.
struct PortVlan {
  std::uint16_t id = 0;
  bool is_pvid = false;      ///< untagged frames that the port receives belong to it
  bool is_untagged = false;  ///< the port sends its frames without a tag

  auto operator<=>(const PortVlan&) const = default;
};

/// VLANs with consecutive IDs and the same flags.
struct PortVlanRange {
  PortVlan first{};
  std::uint16_t last = 0;

  bool operator==(const PortVlanRange&) const = default;
};

/// Whether VLANs are configured for the port.
bool has_vlans(const Bridge& bridge);

/// The VLANs of a port of the bridge that has VLANs, in ascending order. `default_vlan` is the VLAN of new ports of the
/// bridge (vlan_default_pvid); 0: none.
std::vector<PortVlan> port_vlans(const Bridge& bridge, std::uint16_t default_vlan);

/// The VLANs of the port that leads to the bridge's interface in a VLAN.
std::vector<PortVlan> gateway_port_vlans(const Bridge& bridge, std::uint16_t default_vlan);

/// The VLANs, in ascending order, as ranges.
std::vector<PortVlanRange> ranges_of(const std::vector<PortVlan>& vlans);

/// "1, 100 PVID untagged, 200-300"; "none"
std::string to_string(const std::vector<PortVlan>& vlans);

}  // namespace wiring
