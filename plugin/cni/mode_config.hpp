#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/lease.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace cni {

/// How a veth pair is laid: veth-cni(5), MODES.
enum class Mode { ptp, bridge, netns };

/// IDs of VLANs, both ends included: 1 to 4094.
struct VlanRange {
  std::uint16_t first = 1;
  std::uint16_t last = 1;

  auto operator<=>(const VlanRange&) const = default;
};

/// Mode "bridge"; each field is a key of the reference plugin bridge.
struct BridgeConfig {
  std::string name = "cni0";                 ///< key bridge
  bool is_gateway = false;                   ///< isGateway, and by isDefaultGateway: the bridge carries the gateways
  bool is_default_gateway = false;           ///< isDefaultGateway: default routes lead to them
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

/// Mode "netns", the object "peer": the other end of the cable.
struct PeerConfig {
  std::string netns;               ///< path of its network namespace
  std::string interface = "eth0";  ///< ifname
  std::vector<Prefix> addresses{};
  std::vector<Route> routes{};
  bool may_be_the_hosts = false;  ///< vethctl alone joins a namespace to the host's by a cable

  bool operator==(const PeerConfig&) const = default;
};

}  // namespace cni
