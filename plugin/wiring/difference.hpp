#pragma once

#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <string>
#include <vector>

namespace wiring {

/// The kind of a difference between wanted and observed state.
enum class Kind {
  network_namespace,  ///< cannot be opened; object: the path, found: the reason
  missing,            ///< no interface has the name
  down,               ///< the interface is not up
  not_a_bridge,       ///< another device has the bridge's name
  name,               ///< the interface was renamed
  alias,
  mac,
  mtu,
  big_tcp,  ///< settings that are smaller than wanted
  peer,     ///< the two ends are not one pair; wanted: the name of the other end
  address,  ///< missing on the interface
  route,    ///< missing on the interface
  master,   ///< the interface is not a port of the bridge
  hairpin,
  isolation,
  vlan_filtering,  ///< the bridge does not filter VLANs
  vlans,           ///< of the port, or of the port that leads to the gateways
  promiscuous,
  all_multicast,
  tx_queue_length,
  rate_limit,      ///< found is empty if no limit exists
  redirection,     ///< packets from the container are not redirected to the ifb
  source_check,    ///< packets from other sources than the container's addresses are not dropped
  sysctl,          ///< object: the path
  sysctl_missing,  ///< cannot be read; object: the path
  gateway,         ///< missing on the host's lo
  ipv4_forwarding,
  ipv6_forwarding,
  route_localnet,
  loopback_guard,    ///< packets for 127.0.0.0/8 from the container are not dropped
  loopback_route,    ///< the local route to ::1
  rule,              ///< missing in nftables; object: its description
  ovs_database,      ///< cannot be read; found: the reason
  ovs_port,          ///< missing in Open vSwitch; wanted: the bridge, found: that of which it is a port
  ovs_column,        ///< a setting of the port: VLANs, policing; object: "PORT COLUMN"
  ovs_interface,     ///< not opened by ovs-vswitchd; found: the reason
  ovs_logical_port,  ///< another iface-id
  checksum_offload,  ///< on, with a datapath of Open vSwitch in user space
};

/// The object of a difference: an end of the pair, another interface, or the node.
enum class Side { container, host, bridge, ifb, node };

/// One difference between wanted and observed state.
struct Difference {
  Kind kind{};
  Side side{};
  std::string object{};  ///< name of the interface, unless `kind` says otherwise
  std::string wanted{};
  std::string found{};  ///< empty: missing

  bool operator==(const Difference&) const = default;
};

/// The difference as one sentence.
std::string to_string(const Difference& difference);

/// The sentences in the same order, separated by "; ".
std::string to_string(const std::vector<Difference>& differences);

/// Everything wanted that is missing or different; empty if the attachment is complete. These are no differences:
/// - addresses and routes that are not wanted, and routes in another table: later plugins of a chain may add and move
/// them;
/// - a missing link-local address that no route needs: IPv6 may be disabled;
/// - neighbours: they only speed up the first packets, and the kernel may delete and resolve them at any time;
/// - what other plugins have done to the interface that a member of a chain follows.
std::vector<Difference> difference(const Wiring& wanted, const Observed& observed);

/// Whether the difference is one of the port of Open vSwitch, which is then added again.
bool is_of_ovs(const Difference& difference);

/// Whether a later plugin of a chain may have made the change on purpose, and packets still flow: MAC and MTU of the
/// container end, which the plugin tuning sets. False for a MAC with macspoofchk, which drops frames with another MAC,
/// for an MTU that is too small for the IPv6 addresses of the container, and for an MTU in mode netns.
bool may_be_intended(const Wiring& wanted, const Difference& difference);

/// Whether both ends exist, are one pair, and belong to this attachment: the host end has its alias or its MAC. The
/// pair that a member of a chain follows has neither.
bool is_own_pair(const Wiring& wanted, const Observed& observed);

/// What a repair has to add: the wiring without the addresses and routes that exist, and with the observed MACs. Both
/// ends have to exist.
Wiring missing_parts(Wiring wanted, const Observed& observed);

}  // namespace wiring
