#pragma once

#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/node_changes.hpp"

#include <cstdint>
#include <optional>
#include <string>

// Next hop objects, the routes through them, and routes that answer "unreachable". libnl 3.7 has no next hops with a
// tunnel, so the attributes are written here.
namespace kernel {

/// The protocol number of these routes and objects, as `ip route` shows it ("proto 87"). Routes to containers have
/// another one: a list of these is not as long as the number of containers.
constexpr std::uint8_t node_route_protocol = 87;

/// Adds or replaces the object. `device_index` is that of its device.
NetlinkRequest put_next_hop(const wiring::NextHopObject& object, std::uint32_t device_index);

/// Deletes it, and with it the routes that use it. A missing object is not an error.
NetlinkRequest delete_next_hop(std::uint32_t id);

NetlinkRequest list_next_hops();

/// A next hop object as the kernel reports it, without the name of its device.
struct FoundNextHop {
  wiring::NextHopObject object{};
  std::uint8_t protocol = 0;
  std::uint32_t device_index = 0;
};

/// nullopt if the message is not a next hop object.
std::optional<FoundNextHop> find_next_hop(const std::string& message);

/// EEXIST if another route to the prefix with the default metric exists.
NetlinkRequest add_network_route(const wiring::NetworkRoute& route);
NetlinkRequest replace_network_route(const wiring::NetworkRoute& route);
/// A missing route is not an error.
NetlinkRequest delete_network_route(const wiring::NetworkRoute& route);

/// With the largest metric: every other route to the prefix takes precedence.
NetlinkRequest put_unreachable_route(const wiring::UnreachableRoute& route);
NetlinkRequest delete_unreachable_route(const wiring::UnreachableRoute& route);

/// Lists the routes of one family in table main with this protocol.
NetlinkRequest list_node_routes(cni::Family family);

/// Adds the route to the network; does nothing if the message is not a route of list_node_routes().
void read_node_route(const std::string& message, wiring::NodeNetwork& network);

}  // namespace kernel
