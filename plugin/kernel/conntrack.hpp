#pragma once

#include "plugin/kernel/nat_elements.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <vector>

namespace kernel {

// The kernel decides once for each flow where its packets go. TCP begins a new flow with each connection, but a UDP
// client that keeps its port stays in the old one, and is led to where the port led before.

/// Forgets the UDP flows that came to mapped ports before they were mapped. `netfilter` is a NETLINK_NETFILTER socket.
void forget_unmapped_flows(const std::vector<MappedFlow>& mapped, NetlinkSocket& netfilter);

/// Forgets the UDP flows that lead to containers that are leaving.
void forget_mapped_flows(const std::vector<MappedFlow>& unmapped, NetlinkSocket& netfilter);

}  // namespace kernel
