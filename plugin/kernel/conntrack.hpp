#pragma once

#include "plugin/kernel/nat_elements.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <vector>

namespace kernel {

// Conntrack decides once for each flow where its packets go. Each TCP connection is a new flow, but a UDP client that
// keeps its port stays in the old flow, so its packets still go to the earlier target of the port.

/// Deletes the UDP flows to the host ports of these mappings: they began before the ports were mapped. `netfilter` is a
/// NETLINK_NETFILTER socket.
void delete_flows_to_host_ports(const std::vector<MappedPort>& mappings, NetlinkSocket& netfilter);

/// Deletes the UDP flows to the containers of these mappings, which are being removed.
void delete_flows_to_containers(const std::vector<MappedPort>& mappings, NetlinkSocket& netfilter);

}  // namespace kernel
