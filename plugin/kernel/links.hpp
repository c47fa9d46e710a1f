#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/counters.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kernel {

/// The index of `lo` in each network namespace (LOOPBACK_IFINDEX in include/net/flow.h).
constexpr std::uint32_t loopback_index = 1;

/// The state of a link as a port of a bridge.
struct BridgePort {
  bool is_closed = false;  ///< state "disabled" or "blocking": the bridge does not forward frames of the port
  bool hairpin = false;
  bool isolated = false;

  bool operator==(const BridgePort&) const = default;
};

/// A link as the kernel reports it.
struct Link {
  std::uint32_t index = 0;
  std::uint32_t peer_index = 0;  ///< of a pair: index of the other end, in its own namespace; 0: none
  std::string name;
  std::string alias;
  cni::MacAddress mac;
  std::uint32_t mtu = 0;
  wiring::BigTcp big_tcp{};
  bool is_up = false;                          ///< administratively (IFF_UP)
  bool is_ipv6_disabled = false;               ///< disable_ipv6 is set
  bool accepts_router_advertisements = false;  ///< accept_ra is 1: unless it forwards packets
  bool forwards_ipv6 = false;                  ///< forwarding of IPv6 is on
  bool route_localnet = false;
  bool is_own_route_localnet = false;  ///< set by set_route_localnet_of_bridge(), not by other software
  bool has_fixed_mac = false;          ///< of a bridge: fix_mac() was done
  bool has_carrier = false;            ///< operational state UP
  bool is_running = false;             ///< IFF_RUNNING: UP, or UNKNOWN, as of a bridge that never lost its carrier
  std::uint32_t tx_queue_length = 0;
  bool is_promiscuous = false;              ///< IFF_PROMISC is set
  bool is_all_multicast = false;            ///< IFF_ALLMULTI is set
  bool filters_vlans = false;               ///< of a bridge
  std::uint16_t default_vlan = 0;           ///< of a bridge: the VLAN of new ports (vlan_default_pvid); 0: none
  std::string kind{};                       ///< "veth", "netkit", "bridge", ...; empty for hardware
  std::uint32_t master_index = 0;           ///< of the bridge or bond that it belongs to; 0: none
  std::optional<std::int32_t> peer_nsid{};  ///< of a pair: ID here of the other end's namespace (IFLA_LINK_NETNSID);
                                            ///< nullopt: the same namespace
  std::optional<BridgePort> port{};         ///< if the master is a bridge

  bool operator==(const Link&) const = default;
};

/// Creates an ifb, down. Packets redirected to it pass its qdisc and then continue on their original path.
NetlinkRequest create_ifb(const std::string& name, const cni::MacAddress& mac, std::uint32_t mtu);

/// Sets the alias that names the owner of the interface.
NetlinkRequest set_alias(const std::string& name, const cni::Attachment& attachment);

/// Linux 6.2 and later can rename an interface that is up; earlier ones return EBUSY.
NetlinkRequest rename(const Device& device, const std::string& name);

/// Configures an interface that is the IPv4 next hop of containers: it forwards, independent of the node's default, and
/// announces a later change of its MAC (arp_notify).
NetlinkRequest configure_next_hop(const std::string& name);

/// Sets route_localnet: whether packets from 127.0.0.0/8 may leave by this interface, and answers may arrive on it.
NetlinkRequest set_route_localnet(const std::string& name, bool enabled);

/// Sets route_localnet of the interface that has the gateways of a bridge, so that later calls can distinguish it from
/// that of other software (Link::is_own_route_localnet): arp_notify gets the value 3.
NetlinkRequest set_route_localnet_of_bridge(const std::string& name);

/// Disables the automatic link-local address: the plugin adds one itself, without duplicate address detection.
NetlinkRequest disable_address_generation(const std::string& name);

/// Sets arp_notify: the kernel announces a later change of the MAC to the IPv4 neighbours.
NetlinkRequest set_arp_notify(const std::string& name);

NetlinkRequest set_mac(const Device& device, const cni::MacAddress& mac);
/// Sets the MAC of a bridge explicitly: otherwise the bridge takes the lowest MAC of its ports whenever they change
/// (br_stp_recalculate_bridge_id() in net/bridge/br_stp_if.c). Also sets arp_notify, to 2: any value but 0 means on for
/// the kernel, and 2 shows later calls that this was done (Link::has_fixed_mac).
NetlinkRequest fix_mac(const Device& device, const cni::MacAddress& mac);
NetlinkRequest set_mtu(const Device& device, std::uint32_t mtu);

/// Lists the ports of a bridge.
NetlinkRequest list_ports(std::uint32_t bridge_index);

NetlinkRequest bring_up(std::uint32_t index, const std::string& name);
NetlinkRequest bring_down(std::uint32_t index, const std::string& name);
NetlinkRequest get_link(const std::string& name);
NetlinkRequest get_link(std::uint32_t index);
NetlinkRequest get_link_with_counters(const std::string& name);
NetlinkRequest list_links();
/// All links of one kind ("bridge", "ifb").
NetlinkRequest list_links(const std::string& kind);
NetlinkRequest delete_link(std::uint32_t index, const std::string& name);

/// Link groups are one number space for all software, so a link is put into a group only in the sendmsg that deletes
/// it.
NetlinkRequest put_into_group(std::uint32_t index, const std::string& name, std::uint32_t group);
NetlinkRequest delete_group(std::uint32_t group);

/// An RTM_SETLINK of lo that changes nothing; the kernel returns EPERM without CAP_NET_ADMIN.
NetlinkRequest probe_cap_net_admin();

/// nullopt if the message is not about a link.
std::optional<Link> find_link(const std::string& message);

/// nullopt if the message is not about a link, or has no counters.
std::optional<Counters> find_counters(const std::string& message);

/// The first link among answers.
std::optional<Link> first_link(const std::vector<std::string>& messages);

/// The link of this name among answers.
std::optional<Link> find_link_named(const std::string& name, const std::vector<std::string>& messages);

}  // namespace kernel
