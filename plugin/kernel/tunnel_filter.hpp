#pragma once

#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/node_network.hpp"

#include <optional>
#include <set>
#include <vector>

// The table `inet veth_node`: it drops tunnel packets from addresses that are not those of nodes. The sockets are of
// NETLINK_NETFILTER.
namespace kernel {

/// nullopt if the table does not exist, or if a rule is missing or changed.
std::optional<wiring::TunnelFilter> observe_tunnel_filter(NetlinkSocket& socket);

/// Creates the table, or replaces it. While it is replaced, packets of strangers pass. Throws std::system_error.
void put_tunnel_filter(NetlinkSocket& socket, const wiring::TunnelFilter& filter);

/// Adds to the set of nodes and removes from it. Throws std::system_error; changes that were not committed are repeated
/// by the next difference.
void change_filter_nodes(NetlinkSocket& socket, const std::set<cni::IpAddress>& added,
                         const std::set<cni::IpAddress>& removed);

/// A missing table is not an error.
void remove_tunnel_filter(NetlinkSocket& socket);

}  // namespace kernel
