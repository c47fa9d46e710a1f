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

/// The protocol number of the routes of this plugin, as `ip route` shows it ("proto 86").
constexpr std::uint8_t route_protocol = 86;

/// The metric of an IPv6 route without one (IP6_RT_PRIO_USER in include/uapi/linux/ipv6_route.h).
constexpr std::uint32_t default_ipv6_metric = 1024;

/// The errors of a kernel without this address family.
extern const std::vector<int> absent_family_errors;

/// Adds a route through the device. For an exclusive route the kernel returns EEXIST if a route to its destination
/// exists. Other routes come after the existing ones: a container may have a default route for each of its networks,
/// and the first is used. The order of IPv6 routes is that of their metrics: EEXIST if the destination has a route with
/// the same metric.
NetlinkRequest add_route(const Device& device, const wiring::Route& route);

/// Gives an IPv6 route of add_route() the next metric. Returns false, and changes nothing, for any other request.
bool raise_metric(const NetlinkRequest& request);

/// Deletes the first route of this plugin with the destination, table and device of this one; other attributes may
/// differ. A missing route is not an error.
NetlinkRequest delete_matching_route(const Device& device, const wiring::Route& route);

/// Adds a local route to ::1 through this interface, so that answers to ::1 may arrive on it: the kernel looks up the
/// route to a loopback destination on the incoming interface (rt6_need_strict() in include/net/ip6_route.h). Packets to
/// ::1 still use lo, whose route has a lower metric. Tolerates EEXIST.
NetlinkRequest add_loopback_route(const Device& device);

/// Deletes this route. A missing route is not an error.
NetlinkRequest delete_loopback_route(const Device& device);

/// Lists the routes of one family through one interface, of all tables.
NetlinkRequest list_routes(const Device& device, cni::Family family);

/// Lists the IPv6 routes that were learned by router advertisement.
NetlinkRequest list_advertised_routes();

/// Requests the route to an address, through the device if `device_index` is not 0 (required for a link-local address);
/// no answer if there is none.
NetlinkRequest get_route(const cni::IpAddress& destination, std::uint32_t device_index = 0);

/// Requests the entry of the routing tables that the host uses for packets to an address. The kernel refuses the
/// request if there is none, or if the entry rejects packets (unreachable, prohibit, blackhole).
NetlinkRequest get_matching_route(const cni::IpAddress& destination);

/// Requests the route of a packet that arrives on the interface; EXDEV or EINVAL if the reverse path filter drops it.
NetlinkRequest get_input_route(const cni::IpAddress& source, const cni::IpAddress& destination,
                               std::uint32_t device_index);

/// A route as the kernel reports it.
struct FoundRoute {
  wiring::Route route;
  std::uint32_t device_index = 0;
  bool is_own = false;    ///< it has route_protocol
  bool is_local = false;  ///< the destination is an address of the host
};

/// Of several next hops reads the one through `device_index`, or if that is 0 the first. nullopt if the message is not
/// a route.
std::optional<FoundRoute> find_route(const std::string& message, std::uint32_t device_index = 0);

/// The devices of the next hops of a route, each once; empty if the message is not a route.
std::vector<std::uint32_t> find_devices(const std::string& message);

/// The number of answers whose destination is a local address; if `device_index` is not 0, an address of that
/// interface.
std::size_t count_local_routes(const std::vector<std::string>& messages, std::uint32_t device_index = 0);

}  // namespace kernel
