#pragma once

#include "plugin/wiring/port_vlans.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wiring {

/// One end of a pair as the kernel reports it.
struct ObservedEnd {
  std::uint32_t index = 0;
  std::uint32_t peer_index = 0;  ///< index of the other end, in the other end's namespace
  std::string name{};
  std::string kind{};  ///< "veth", "netkit", "bridge", ...; empty for hardware
  std::string alias{};
  cni::MacAddress mac{};
  std::uint32_t mtu = 0;
  BigTcp big_tcp{};
  bool is_up = false;
  std::uint32_t tx_queue_length = 0;
  bool is_promiscuous = false;
  bool is_all_multicast = false;
  std::uint32_t master_index = 0;  ///< of the bridge that it is a port of; 0: none
  bool is_hairpin = false;
  bool is_isolated = false;
  std::vector<PortVlan> vlans{};  ///< of a port, in ascending order; only read if the wiring has VLANs
  bool route_localnet = false;
  bool guards_loopback = false;  ///< drops packets for 127.0.0.0/8; only read if this is wanted
  std::vector<cni::Prefix> addresses{};
  std::vector<Route> routes{};                  ///< through this interface, of every table
  std::vector<cni::Prefix> own_destinations{};  ///< of the routes with this plugin's protocol number

  bool operator==(const ObservedEnd&) const = default;
};

/// The port of the bridge that leads to its interface in a VLAN.
struct GatewayPort {
  std::string name{};
  std::vector<PortVlan> vlans{};  ///< in ascending order; empty if it is not a port of the bridge

  bool operator==(const GatewayPort&) const = default;
};

/// The bridge of a wiring as the kernel reports it.
struct ObservedBridge {
  std::uint32_t index = 0;
  bool is_bridge = false;  ///< false: another device has the name
  bool is_up = false;
  bool is_promiscuous = false;
  bool filters_vlans = false;
  std::uint16_t default_vlan = 0;  ///< of new ports (vlan_default_pvid); 0: none
  // Of the interface that has the gateway addresses:
  std::vector<cni::Prefix> addresses{};
  bool route_localnet = false;
  std::vector<Route> routes{};                ///< through it; read only if mapped ports must be reachable over ::1
  std::optional<GatewayPort> gateway_port{};  ///< none: the bridge itself has the gateways, or a foreign interface

  bool operator==(const ObservedBridge&) const = default;
};

/// The port of Open vSwitch of an attachment, as the database reports it.
struct ObservedOvsPort {
  std::string bridge{};
  std::uint16_t tag = 0;                ///< 0: none
  std::vector<std::uint16_t> trunks{};  ///< VLAN IDs in ascending order
  std::string vlan_mode{};
  std::string iface_id{};
  std::uint32_t policing_rate = 0;   ///< kbit/s; 0: none
  std::uint32_t policing_burst = 0;  ///< kbit
  std::int64_t ofport = 0;           ///< OpenFlow port number; -1: the interface could not be opened; 0: not known yet
  std::string error{};               ///< why the interface could not be opened
  bool is_in_user_space = false;     ///< the datapath of the bridge

  bool operator==(const ObservedOvsPort&) const = default;
};

/// The nftables elements of an attachment without a record.
struct ObservedRules {
  std::vector<Masquerade> masquerades{};
  std::optional<HostPorts> host_ports{};
  bool checks_macs = false;

  bool operator==(const ObservedRules&) const = default;
};

/// The ifb of an attachment as the kernel reports it.
struct ObservedIfb {
  std::uint32_t index = 0;
  std::string alias{};
  bool is_up = false;
  std::optional<RateLimit> limit{};  ///< of what goes through it

  bool operator==(const ObservedIfb&) const = default;
};

/// The state of one attachment in the kernel.
struct Observed {
  std::optional<ObservedEnd> container;
  std::optional<ObservedEnd> host;
  bool is_pair = false;  ///< both ends exist, are of kind veth or netkit, and each names the other by ifindex and
                         ///< network namespace (IFLA_LINK, IFLA_LINK_NETNSID)
  std::optional<ObservedBridge> bridge{};
  std::optional<ObservedOvsPort> ovs_port{};
  bool leaves_checksums = false;  ///< the end opposite to the port of Open vSwitch leaves checksums to the hardware;
                                  ///< only read if there is such a port
  std::string ovs_error{};        ///< why the database of Open vSwitch could not be read; empty: it was, or not needed
  std::vector<cni::IpAddress> host_gateways;  ///< the wanted ones that exist on the host's lo
  bool forward_ipv4 = false;
  bool forward_ipv6 = false;
  std::vector<std::string> missing_rules{};  ///< descriptions of the wanted nftables elements that do not exist
  std::optional<RateLimit> ingress_limit{};  ///< of the packets that the host end sends
  std::optional<ObservedIfb> ifb{};          ///< read only if one is wanted
  std::vector<Sysctl> sysctls{};             ///< the wanted ones that can be read
  std::uint32_t redirected_to = 0;           ///< ifindex of the device to which the host end redirects all packets that
                                             ///< it receives; 0: none, or not read
  bool checks_sources = false;               ///< packets from other sources than the wanted ones are dropped; read only
                                             ///< if this is wanted

  bool operator==(const Observed&) const = default;
};

}  // namespace wiring
