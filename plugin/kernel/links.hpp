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

/// What a link is as a port of a bridge.
struct BridgePort {
  bool is_closed = false;  ///< frames do not pass: the bridge has not yet seen a carrier, or is about to open the port
  bool hairpin = false;
  bool isolated = false;

  bool operator==(const BridgePort&) const = default;
};

/// A link as the kernel tells it.
struct Link {
  std::uint32_t index = 0;
  std::uint32_t peer_index = 0;  ///< of a veth: index of the other end, in its own namespace; 0 where there is none
  std::string name;
  std::string alias;
  cni::MacAddress mac;
  std::uint32_t mtu = 0;
  bool is_up = false;                        ///< administratively (IFF_UP)
  bool is_ipv6_disabled = false;             ///< disable_ipv6 is set
  bool takes_router_advertisements = false;  ///< accept_ra is 1: unless it forwards packets
  bool routes_loopback = false;              ///< route_localnet is set
  bool has_carrier = false;                  ///< operational state UP
  std::uint32_t tx_queue_length = 0;
  bool is_promiscuous = false;                   ///< IFF_PROMISC is set
  bool is_all_multicast = false;                 ///< IFF_ALLMULTI is set
  bool filters_vlans = false;                    ///< of a bridge
  std::string kind{};                            ///< "veth", "bridge", ...; empty for hardware
  std::uint32_t master_index = 0;                ///< of the bridge or bond it belongs to; 0: none
  std::optional<std::int32_t> peer_namespace{};  ///< of a veth: how the namespace of the other end is numbered here;
                                                 ///< nullopt: the same
  std::optional<BridgePort> port{};              ///< where the master is a bridge

  bool operator==(const Link&) const = default;
};

/// The pair, both ends in place: the container's end in its namespace and up (unless it is to be left down), the
/// host's end in the socket's namespace and down.
NetlinkRequest create_pair(const wiring::Wiring& wiring, int container_namespace);

/// A pair with both ends in the socket's namespace and down.
NetlinkRequest create_local_pair(const std::string& name, const std::string& peer, std::uint32_t mtu);

/// An ifb, down: what is redirected to it goes through its queueing, and then on where it came from.
NetlinkRequest create_ifb(const std::string& name, const cni::MacAddress& mac, std::uint32_t mtu);

/// Says whose the interface is.
NetlinkRequest set_alias(const std::string& name, const cni::Attachment& attachment);

/// Linux 6.2 and later rename an interface that is up; earlier ones refuse with EBUSY.
NetlinkRequest rename(const Device& device, const std::string& name);

/// IPv4 forwarding on this interface, whatever the node's default is.
NetlinkRequest forward_ipv4(const std::string& name);

/// Whether packets from 127.0.0.0/8 may leave by this interface, and answers to it come in (route_localnet).
NetlinkRequest route_loopback(const std::string& name, bool is_open);

/// No link-local address of the kernel's own making: ours is given explicitly, without duplicate address detection.
NetlinkRequest stop_address_generation(const std::string& name);

/// A later change of the interface's MAC is announced to its IPv4 neighbours (arp_notify).
NetlinkRequest announce_mac(const std::string& name);

/// Gives the interface a MAC, or the one it has once more.
NetlinkRequest set_mac(const Device& device, const cni::MacAddress& mac);

/// Gives the interface an MTU, or the one it has once more.
NetlinkRequest set_mtu(const Device& device, std::uint32_t mtu);

NetlinkRequest bring_up(std::uint32_t index, const std::string& name);
NetlinkRequest bring_down(std::uint32_t index, const std::string& name);
NetlinkRequest get_link(const std::string& name);
NetlinkRequest get_link(std::uint32_t index);
NetlinkRequest get_link_with_counters(const std::string& name);
/// All links of one kind ("veth", "ifb").
NetlinkRequest list_links(const std::string& kind);
NetlinkRequest delete_link(std::uint32_t index, const std::string& name);

/// Link groups are one number space for all software, so a link is in one only within the send that deletes it.
NetlinkRequest put_into_group(std::uint32_t index, const std::string& name, std::uint32_t group);
NetlinkRequest delete_group(std::uint32_t group);

/// Changes nothing, but needs the right to: refused with EPERM without CAP_NET_ADMIN.
NetlinkRequest touch_loopback();

/// nullopt where the message is about something else.
std::optional<Link> find_link(const std::string& message);

/// nullopt where the message is about something else, or was asked for without them.
std::optional<Counters> find_counters(const std::string& message);

/// The first link among answers.
std::optional<Link> first_link(const std::vector<std::string>& messages);

/// The link of this name among answers.
std::optional<Link> find_link_named(const std::string& name, const std::vector<std::string>& messages);

}  // namespace kernel
