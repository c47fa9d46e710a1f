#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <cstdint>
#include <optional>
#include <string>

// Settings that no netlink attribute has. They are those of the network namespace that the calling thread is in. A
// kernel without IPv6 has no files for it: that is no error.
namespace kernel {

/// The interface takes no router advertisements (a container must not be able to give the host routes: CVE-2020-10749).
void ignore_router_advertisements(const std::string& interface);

/// Whether the host has routes through the interface that a router has advertised. `socket` asks.
bool has_advertised_routes(std::uint32_t interface_index, NetlinkSocket& socket);

/// A later change of the interface's MAC is announced to its IPv6 neighbours (ndisc_notify).
void announce_mac_to_ipv6(const std::string& interface);

/// Lets the interface have IPv6 addresses, where that was switched off.
void enable_ipv6(const std::string& interface);

/// Switches forwarding on for the whole node. For IPv6, interfaces that live on router advertisements go on taking them
/// (accept_ra=2): the kernel would drop the node's default route on the spot otherwise. `socket` asks which these are.
void enable_forwarding(cni::Family family, NetlinkSocket& socket);

/// Whether the node forwards packets of the family; no answer where the kernel has no such family.
NetlinkRequest ask_forwarding(cni::Family family);
struct Forwarding {
  cni::Family family = cni::Family::ipv4;
  bool is_on = false;
};
std::optional<Forwarding> find_forwarding(const std::string& message);

}  // namespace kernel
