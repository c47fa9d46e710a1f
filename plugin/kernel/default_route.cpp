#include "plugin/kernel/default_route.hpp"

#include "plugin/kernel/links.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/kernel/routes.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kernel {
namespace {

using Devices = std::set<std::uint32_t>;

/// A default route and the devices of its next hops.
struct DefaultRoute {
  std::uint32_t metric = 0;
  std::uint32_t table = 0;
  Devices devices;
};

/// The devices of a multipath route. An incomplete next hop ends the list.
Devices multipath_devices(const nlattr* hops) {
  Devices devices;
  const auto* position = static_cast<const char*>(nla_data(hops));
  auto rest = static_cast<std::size_t>(nla_len(hops));
  for (rtnexthop hop{}; rest >= sizeof hop;) {
    std::memcpy(&hop, position, sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > rest) break;
    devices.insert(static_cast<std::uint32_t>(hop.rtnh_ifindex));
    const auto step = std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), rest);
    position += step;
    rest -= step;
  }
  return devices;
}

Devices devices_of(nlmsghdr* header) {
  if (const auto* hops = nlmsg_find_attr(header, sizeof(rtmsg), RTA_MULTIPATH)) return multipath_devices(hops);
  const auto* device = nlmsg_find_attr(header, sizeof(rtmsg), RTA_OIF);
  return device != nullptr ? Devices{number_in<std::uint32_t>(device)} : Devices{};
}

/// nullopt if the message is not a default route, or a default route that discards packets.
std::optional<DefaultRoute> find_default_route(const std::string& message) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != RTM_NEWROUTE || nlmsg_valid_hdr(header, sizeof(rtmsg)) == 0) return std::nullopt;
  const auto& fixed = *static_cast<const rtmsg*>(nlmsg_data(header));
  if (fixed.rtm_dst_len != 0 || fixed.rtm_type != RTN_UNICAST) return std::nullopt;
  auto devices = devices_of(header);
  devices.erase(loopback_index);
  if (devices.empty()) return std::nullopt;
  return DefaultRoute{
      .metric = number_in<std::uint32_t>(nlmsg_find_attr(header, sizeof(rtmsg), RTA_PRIORITY)),
      .table = number_in<std::uint32_t>(nlmsg_find_attr(header, sizeof(rtmsg), RTA_TABLE), fixed.rtm_table),
      .devices = std::move(devices)};
}

/// Addresses for documentation (RFC 5737, RFC 3849). Usually only the default route matches them.
cni::IpAddress distant_address(cni::Family family) {
  return *cni::find_address(family == cni::Family::ipv4 ? "192.0.2.1" : "2001:db8::1");
}

/// Requests the route as it is in its table (RTM_F_FIB_MATCH), with all next hops.
NetlinkRequest get_default_route(const cni::IpAddress& destination) {
  rtmsg filter{};
  filter.rtm_family = static_cast<std::uint8_t>(kernel_family(destination.family));
  filter.rtm_dst_len = static_cast<std::uint8_t>(cni::address_length(destination.family));
  filter.rtm_flags = RTM_F_LOOKUP_TABLE | RTM_F_FIB_MATCH;
  auto message = new_message(RTM_GETROUTE, filter);
  put_address(message.get(), RTA_DST, destination);
  return {std::move(message),
          "get the default route",
          {ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL, EAFNOSUPPORT, EOPNOTSUPP}};
}

/// One lookup, independent of the number of routes. nullopt if another route matches, as on nodes that discard packets
/// to documentation addresses.
std::optional<DefaultRoute> find_default_route_by_lookup(NetlinkSocket& host, cni::Family family) {
  for (const auto& message : host.send_or_throw(get_default_route(distant_address(family)))) {
    if (auto found = find_default_route(message)) return found;
  }
  return std::nullopt;
}

/// IPv6 lists the next hops of some multipath routes as separate routes with the same metric.
void add_route(std::optional<DefaultRoute>& best, DefaultRoute route) {
  if (!best || route.metric < best->metric) {
    best = std::move(route);
  } else if (route.metric == best->metric) {
    best->devices.merge(route.devices);
  }
}

NetlinkRequest list_main_table(cni::Family family) {
  rtmsg filter{};
  filter.rtm_family = static_cast<std::uint8_t>(kernel_family(family));
  filter.rtm_type = RTN_UNICAST;
  auto message = new_message(RTM_GETROUTE, filter);
  put_number(message.get(), RTA_TABLE, RT_TABLE_MAIN);
  return {std::move(message), "list routes", {ENOENT, EAFNOSUPPORT, EOPNOTSUPP}};
}

/// A dump cannot be filtered for default routes.
std::optional<DefaultRoute> find_default_route_in_list(NetlinkSocket& host, cni::Family family) {
  std::optional<DefaultRoute> best;
  host.dump_each(list_main_table(family), [&](const std::string& message) {
    auto found = find_default_route(message);
    if (found && found->table == RT_TABLE_MAIN) add_route(best, std::move(*found));
  });
  return best;
}

Devices default_devices(NetlinkSocket& host, cni::Family family) {
  auto route = find_default_route_by_lookup(host, family);
  if (!route) route = find_default_route_in_list(host, family);
  return route ? std::move(route->devices) : Devices{};
}

/// The links of the devices of the default route.
std::vector<Link> default_links(NetlinkSocket& host, cni::Family family) {
  std::vector<Link> links;
  for (const auto device : default_devices(host, family)) {
    if (const auto link = first_link(host.send_or_throw(get_link(device)))) links.push_back(*link);
  }
  return links;
}

std::optional<wiring::BigTcp> smallest_big_tcp(const std::vector<Link>& links) {
  std::optional<wiring::BigTcp> least;
  for (const auto& link : links) least = wiring::smaller_of(least.value_or(link.big_tcp), link.big_tcp);
  return least;
}

}  // namespace

std::uint32_t default_route_mtu(NetlinkSocket& host, std::span<const cni::Family> families) {
  constexpr std::uint32_t ethernet_mtu = 1500;
  std::optional<std::uint32_t> least;
  for (const auto family : families) {
    for (const auto& link : default_links(host, family)) least = std::min(least.value_or(link.mtu), link.mtu);
  }
  return least.value_or(ethernet_mtu);
}

wiring::BigTcp default_route_big_tcp(NetlinkSocket& host) {
  const auto ipv4 = smallest_big_tcp(default_links(host, cni::Family::ipv4)).value_or(wiring::BigTcp{});
  const auto ipv6 = smallest_big_tcp(default_links(host, cni::Family::ipv6)).value_or(wiring::BigTcp{});
  return {.gso_max_size = ipv6.gso_max_size,
          .gro_max_size = ipv6.gro_max_size,
          .gso_ipv4_max_size = ipv4.gso_ipv4_max_size,
          .gro_ipv4_max_size = ipv4.gro_ipv4_max_size};
}

}  // namespace kernel
