#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kernel {

/// The protocol number of our routes, as `ip route` shows it ("proto 86").
constexpr std::uint8_t route_protocol = 86;

/// Adds a route through the device. An exclusive one is refused with EEXIST where there is one to its destination
/// already; others come after what is there: a container may have a default route for each of its networks.
NetlinkRequest add_route(const Device& device, const wiring::Route& route);

/// Removes a route of ours with the destination, table and metric of this one, whatever else it says; where there is
/// none it is no error.
NetlinkRequest delete_route_like(const Device& device, const wiring::Route& route);

/// Answers to ::1 are taken from this interface, too: the kernel looks for a route to it through the interface that
/// they come in by. `ping ::1` goes on through lo, whose metric is lower. EEXIST is as good as success.
NetlinkRequest take_loopback_answers(const Device& device);

/// Takes that back; where there is no such route it is no error.
NetlinkRequest refuse_loopback_answers(const Device& device);

/// All routes of one family, of every table, through one interface.
NetlinkRequest list_routes(const Device& device, cni::Family family);

/// All IPv6 routes that came by router advertisement.
NetlinkRequest list_advertised_routes();

/// The route that a packet to this address would take, through the device where one is given (a link-local address
/// needs it); no answer where there is none.
NetlinkRequest get_route(const cni::IpAddress& destination, std::uint32_t device_index = 0);

/// The route of a packet that comes in by the interface; refused with EXDEV or EINVAL where the reverse
/// path filter drops it.
NetlinkRequest get_route_of_arrival(const cni::IpAddress& source, const cni::IpAddress& destination,
                                    std::uint32_t device_index);

/// A route as the kernel tells it; of several next hops the one through `device_index`, or where that is 0 the first.
/// nullopt where the message is none.
struct FoundRoute {
  wiring::Route route;
  std::uint32_t device_index = 0;
  bool is_own = false;  ///< it has route_protocol
};
std::optional<FoundRoute> find_route(const std::string& message, std::uint32_t device_index = 0);

/// How many of the answers tell of a destination that is an address of this host itself; where a device is given, of
/// that interface.
std::size_t count_local(const std::vector<std::string>& messages, std::uint32_t device_index = 0);

}  // namespace kernel
