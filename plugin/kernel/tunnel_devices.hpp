#pragma once

#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/node_changes.hpp"

#include <cstdint>
#include <optional>
#include <string>

// VXLAN devices in external mode.
namespace kernel {

/// Creates the device, down. EEXIST if an interface has the name.
NetlinkRequest create_tunnel(const wiring::TunnelDevice& device);

/// A tunnel device as the kernel reports it, without addresses and neighbours.
struct FoundTunnel {
  std::uint32_t index = 0;
  wiring::TunnelDevice device{};
};

/// nullopt if the message is not about a VXLAN device in external mode.
std::optional<FoundTunnel> find_tunnel(const std::string& message);

/// The smallest of this MTU and those of the tunnel devices between nodes, as far as these exist.
std::uint32_t with_mtu_of_tunnels(NetlinkSocket& socket, std::uint32_t mtu);

/// Lists the neighbours of an interface.
NetlinkRequest list_neighbours(const std::string& device, std::uint32_t index);
/// Adds a permanent one to the tunnel; does nothing for others.
void read_neighbour(const std::string& message, wiring::NodeTunnel& tunnel);
NetlinkRequest delete_neighbour(const wiring::TunnelNeighbour& neighbour, std::uint32_t index);

}  // namespace kernel
