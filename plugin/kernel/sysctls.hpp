#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

// Sysctls without a netlink attribute, in the network namespace of the calling thread. A missing file is not an error:
// a kernel without IPv6 has no files for it. On a read-only file system, a sysctl that has the wanted value already is
// not an error.
namespace kernel {

/// Sets accept_ra to 0: a container must not be able to add routes to the host by router advertisements
/// (CVE-2020-10749).
void disable_accept_ra(const std::string& interface);

/// Whether the host may need router advertisements that arrive on this bridge: it has routes learned from them, or the
/// bridge has a port that is not an end of an attachment. `socket` is a NETLINK_ROUTE socket of the host.
bool may_need_router_advertisements(std::uint32_t bridge_index, NetlinkSocket& socket);

/// The interfaces of the host on which the kernel ignores router advertisements because IPv6 forwarding is on and
/// accept_ra is 1. Ends of attachments, lo, and interfaces that cannot receive any are not among them.
std::vector<std::string> list_ignoring_router_advertisements(NetlinkSocket& socket);

/// Sets ndisc_notify: the kernel announces a later change of the MAC to the IPv6 neighbours. Does nothing on a
/// read-only file system, since the container works without it.
void set_ndisc_notify(const std::string& interface);

/// Sets accept_dad to 1, as it is on a veth: the kernel turns off duplicate address detection on a netkit.
void enable_dad(const std::string& interface);

/// Sets disable_ipv6 to 0, so that the interface can have IPv6 addresses.
void enable_ipv6(const std::string& interface);

/// Enables forwarding on the whole node. For IPv6, first sets accept_ra to 2 on each interface that is not an end of an
/// attachment and accepts router advertisements, and for later interfaces. Otherwise the kernel would ignore them and
/// delete the default routes that were learned from them (rt6_purge_dflt_routers() in net/ipv6/route.c). `socket` lists
/// the interfaces.
void enable_forwarding(cni::Family family, NetlinkSocket& socket);

/// The error with which an ADD would fail to write its sysctls, if the host forwards its addresses of these families.
/// nullopt if each sysctl can be written, or has the wanted value already.
std::optional<std::system_error> find_sysctl_error(std::span<const cni::Family> forwarded);

/// Requests whether the node forwards packets of the family; no answer if the kernel does not support the family.
NetlinkRequest get_forwarding(cni::Family family);
struct Forwarding {
  cni::Family family = cni::Family::ipv4;
  bool is_on = false;
};
std::optional<Forwarding> find_forwarding(const std::string& message);

}  // namespace kernel
