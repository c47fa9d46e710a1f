#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <vector>

// Filters of tc(8) on a link, which drop packets that the host must not accept from a container. They exist as long as
// the link, and no flush of nftables removes them. A filter is one program of classic BPF in the netlink message
// ("bytecode" in tc-bpf(8)): it needs no bpf(2), and CHECK compares the whole program.
namespace kernel {

/// Drops packets from and for 127.0.0.0/8 that the interface receives: with route_localnet they would reach services of
/// the host. Adds the ingress qdisc that the filter needs. Tolerates EEXIST.
void guard_loopback(const Device& device, std::vector<NetlinkRequest>& requests);

/// Whether this filter exists.
bool observe_loopback_guard(NetlinkSocket& socket, const Device& device);

}  // namespace kernel
