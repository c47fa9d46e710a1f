#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kernel {

/// A link as the kernel tells it.
struct Link {
  std::uint32_t index = 0;
  std::uint32_t peer_index = 0;  ///< of a veth: index of the other end, in its own namespace; 0 where there is none
  std::string name;
  std::string alias;
  cni::MacAddress mac;
  std::uint32_t mtu = 0;
  bool is_up = false;             ///< administratively (IFF_UP)
  bool is_ipv6_disabled = false;  ///< disable_ipv6 is set
  bool has_carrier = false;       ///< operational state UP

  bool operator==(const Link&) const = default;
};

/// The pair, both ends in place: the container's end in its namespace and up, the host's end in the socket's and down.
NetlinkRequest create_pair(const wiring::Wiring& wiring, int container_namespace);

/// Alias, and IPv4 forwarding on this interface whatever the node's default is.
NetlinkRequest name_host_end(const wiring::Wiring& wiring);

/// No link-local address of the kernel's own making: ours is given explicitly, without duplicate address detection.
NetlinkRequest stop_address_generation(const std::string& name);

/// A later change of the interface's MAC is announced to its IPv4 neighbours (arp_notify).
NetlinkRequest announce_mac(const std::string& name);

NetlinkRequest bring_up(std::uint32_t index, const std::string& name);
NetlinkRequest bring_down(std::uint32_t index, const std::string& name);
NetlinkRequest get_link(const std::string& name);
NetlinkRequest get_link(std::uint32_t index);
NetlinkRequest get_link_with_counters(const std::string& name);
NetlinkRequest list_veths();
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

}  // namespace kernel
