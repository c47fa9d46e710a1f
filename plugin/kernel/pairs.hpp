#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace kernel {

/// The kinds of links that are created in pairs: "veth" and "netkit". Links of both kinds report the other end in the
/// same attributes (Link::peer_index, Link::peer_nsid), and are deleted together.
bool is_pair_kind(std::string_view kind);

/// Creates the veth pair with both ends in their namespaces: the container end in its namespace and up (unless
/// leave_down is set), the host end in the namespace of the socket and down.
NetlinkRequest create_veth_pair(const wiring::Wiring& wiring, int container_netns);

/// The same, but for the container end, which is down: set_flags() sets it up. For a kernel before 6.15, which refuses
/// create_veth_pair() with EEXIST if the namespace of the socket has an interface with the name of the container end.
NetlinkRequest create_veth_pair_by_host_end(const wiring::Wiring& wiring, int container_netns);

/// The same with a netkit pair. The container end is down, too. The host end is the primary device, to which programs
/// for both directions can be attached (BPF_NETKIT_PRIMARY, BPF_NETKIT_PEER). The mode is L2, so that both ends have
/// MACs and ARP. Refused with EOPNOTSUPP by a kernel without netkit.
NetlinkRequest create_netkit_pair(const wiring::Wiring& wiring, int container_netns);

/// Sets the flags that the container end has after create_veth_pair(): up, promiscuous, all multicast.
NetlinkRequest set_flags(const Device& container_end, const wiring::Wiring& wiring);

/// Creates a veth pair with both ends in the namespace of the socket and down.
NetlinkRequest create_local_pair(const std::string& name, const std::string& peer, std::uint32_t mtu);

}  // namespace kernel
