#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

// Settings that no netlink attribute has. They are those of the network namespace that the calling thread is in. A
// kernel without IPv6 has no files for it: that is no error. Where the file system is read-only, a setting that has the
// wanted value already is no error either.
namespace kernel {

/// The interface takes no router advertisements (a container must not be able to give the host routes: CVE-2020-10749).
void ignore_router_advertisements(const std::string& interface);

/// Whether the host may live on router advertisements that come in by this bridge: it has routes of them, or the bridge
/// has a port that is not an end of ours. `socket` asks.
bool may_need_router_advertisements(std::uint32_t bridge_index, NetlinkSocket& socket);

/// A later change of the interface's MAC is announced to its IPv6 neighbours (ndisc_notify). It is not where the file
/// system is read-only: the container works without.
void announce_mac_to_ipv6(const std::string& interface);

/// Lets the interface have IPv6 addresses, where that was switched off.
void enable_ipv6(const std::string& interface);

/// Switches forwarding on for the whole node. For IPv6, every interface that is not ours and takes router
/// advertisements goes on taking them (accept_ra 2), later ones too: the kernel would ignore them, and drop the node's
/// default route on the spot, otherwise. `socket` lists the interfaces.
void enable_forwarding(cni::Family family, NetlinkSocket& socket);

/// Why an ADD whose addresses the host forwards, in these families, could not have its settings: the refusal that it
/// would end with. nullopt where each one can be written, or has the wanted value for new interfaces already.
std::optional<std::system_error> find_settings_fault(std::span<const cni::Family> forwarded);

/// Whether the node forwards packets of the family; no answer where the kernel has no such family.
NetlinkRequest ask_forwarding(cni::Family family);
struct Forwarding {
  cni::Family family = cni::Family::ipv4;
  bool is_on = false;
};
std::optional<Forwarding> find_forwarding(const std::string& message);

}  // namespace kernel
