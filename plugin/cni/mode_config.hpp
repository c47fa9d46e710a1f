#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/lease.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cni {

/// How the ends of the pair are connected: veth-cni(5), section MODES.
enum class Mode { ptp, bridge, ovs, netns };

/// The kind of the two interfaces of the pair: key device.
enum class PairKind { veth, netkit, automatic };

/// The values of the key device, in the order of PairKind.
constexpr std::array<std::string_view, 3> pair_kinds{"veth", "netkit", "auto"};

inline std::string_view to_string(PairKind kind) { return pair_kinds[static_cast<std::size_t>(kind)]; }

/// A range of VLAN IDs, inclusive: 1 to 4094.
struct VlanRange {
  std::uint16_t first = 1;
  std::uint16_t last = 1;

  auto operator<=>(const VlanRange&) const = default;
};

/// Mode "bridge"; each field is a key of the reference plugin bridge.
struct BridgeConfig {
  std::string name = "cni0";                 ///< key bridge
  bool is_gateway = false;                   ///< isGateway or isDefaultGateway: the bridge has the gateway addresses
  bool is_default_gateway = false;           ///< isDefaultGateway: adds default routes via these gateways
  bool force_address = false;                ///< forceAddress
  bool hairpin = false;                      ///< hairpinMode
  bool promiscuous = false;                  ///< promiscMode
  std::uint16_t vlan = 0;                    ///< vlan: 1 to 4094; 0: none
  std::vector<VlanRange> trunk{};            ///< vlanTrunk
  bool preserve_default_vlan = false;        ///< preserveDefaultVlan
  bool is_isolated = false;                  ///< portIsolation
  bool check_macs = false;                   ///< macspoofchk
  bool disable_container_interface = false;  ///< disableContainerInterface

  bool operator==(const BridgeConfig&) const = default;
};

/// The part of a bridge on which addresses are unique: the bridge, or one VLAN of it ("cni0.100").
inline std::string bridge_segment(const std::string& bridge, std::uint16_t vlan) {
  return vlan == 0 ? bridge : bridge + '.' + std::to_string(vlan);
}

/// How a port of Open vSwitch handles VLANs: the column vlan_mode in ovs-vswitchd.conf.db(5).
constexpr std::array<std::string_view, 5> ovs_vlan_modes{"access", "trunk", "native-tagged", "native-untagged",
                                                         "dot1q-tunnel"};

/// Mode "ovs"
struct OvsConfig {
  std::string bridge{};                             ///< empty: "br-int", which is OVN's
  std::uint16_t vlan = 0;                           ///< vlan: 1 to 4094; 0: none
  std::vector<VlanRange> trunk{};                   ///< vlanTrunk
  std::string vlan_mode{};                          ///< vlanMode; empty: it follows from vlan and vlanTrunk
  std::uint16_t ofport_request = 0;                 ///< ofportRequest; 0: any
  std::string ovn_port{};                           ///< ovnPort: the logical port of OVN; empty: none
  std::string socket = "/run/openvswitch/db.sock";  ///< path of the socket of the database

  bool operator==(const OvsConfig&) const = default;
};

/// The part of a bridge of Open vSwitch on which addresses are unique. The colon keeps it apart from Linux bridges.
inline std::string ovs_segment(const std::string& bridge, std::uint16_t vlan) {
  return "ovs:" + bridge_segment(bridge, vlan);
}

/// Mode "netns", object "peer": the other end of the veth pair.
struct PeerConfig {
  std::string netns;               ///< path of its network namespace
  std::string interface = "eth0";  ///< ifname
  std::vector<Prefix> addresses{};
  std::vector<Route> routes{};
  bool allow_host_netns = false;  ///< the peer may be the host's namespace; only set by vethctl

  bool operator==(const PeerConfig&) const = default;
};

}  // namespace cni
