#include "plugin/kernel/routes.hpp"

#include "plugin/kernel/message.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace kernel {
namespace {

void put_metrics(nl_msg* message, const wiring::Route& route) {
  if (!route.mtu && !route.advmss) return;
  nlattr* metrics = nla_nest_start(message, RTA_METRICS);
  if (route.mtu) put_number(message, RTAX_MTU, *route.mtu);
  if (route.advmss) put_number(message, RTAX_ADVMSS, *route.advmss);
  nla_nest_end(message, metrics);
}

std::uint8_t scope_of(const wiring::Route& route) {
  return route.scope.value_or(route.gateway ? std::uint8_t{RT_SCOPE_UNIVERSE} : std::uint8_t{RT_SCOPE_LINK});
}

/// The table is set by an attribute, since the header has only one byte for it.
rtmsg header_of(const wiring::Route& route) {
  rtmsg header{};
  header.rtm_family = static_cast<std::uint8_t>(kernel_family(route.destination.address.family));
  header.rtm_dst_len = route.destination.length;
  header.rtm_protocol = route_protocol;
  header.rtm_scope = scope_of(route);
  header.rtm_type = RTN_UNICAST;
  return header;
}

std::string action_text(const char* action, const Device& device, const wiring::Route& route) {
  const auto via = route.gateway ? " via " + cni::to_string(*route.gateway) : std::string{};
  return std::string{action} + " route " + cni::to_string(route.destination) + via + " dev \"" + device.name + '"';
}

Message route_query(cni::Family family, const rtmsg& filter = {}) {
  rtmsg header = filter;
  header.rtm_family = static_cast<std::uint8_t>(kernel_family(family));
  return new_message(RTM_GETROUTE, header);
}

Message loopback_route(int type, int flags, const Device& device) {
  constexpr std::uint32_t metric = 2048;
  const auto loopback = *cni::find_prefix("::1/128");
  auto header = header_of({.destination = loopback});
  header.rtm_type = RTN_LOCAL;
  header.rtm_scope = RT_SCOPE_HOST;
  auto message = new_message(type, header, flags);
  put_address(message.get(), RTA_DST, loopback.address);
  put_number(message.get(), RTA_TABLE, RT_TABLE_LOCAL);
  put_number(message.get(), RTA_OIF, device.index);
  put_number(message.get(), RTA_PRIORITY, metric);
  return message;
}

using RouteAttributes = std::array<nlattr*, RTA_MAX + 1>;

/// A next hop of a route.
struct Hop {
  std::uint32_t device_index = 0;
  std::optional<cni::IpAddress> gateway{};
};

/// An incomplete next hop ends the list.
std::vector<Hop> multipath_hops(const nlattr* multipath, cni::Family family) {
  std::vector<Hop> hops;
  const auto* position = static_cast<const char*>(nla_data(multipath));
  std::size_t rest = static_cast<std::size_t>(nla_len(multipath));
  for (rtnexthop header{}; rest >= sizeof header;) {
    std::memcpy(&header, position, sizeof header);
    if (header.rtnh_len < sizeof header || header.rtnh_len > rest) break;
    const auto* attributes = reinterpret_cast<const nlattr*>(position + sizeof header);
    const auto length = static_cast<int>(header.rtnh_len - sizeof header);
    hops.push_back({.device_index = static_cast<std::uint32_t>(header.rtnh_ifindex),
                    .gateway = find_address(nla_find(attributes, length, RTA_GATEWAY), family)});
    const auto step = std::min<std::size_t>(RTNH_ALIGN(header.rtnh_len), rest);
    position += step;
    rest -= step;
  }
  return hops;
}

std::vector<Hop> hops_of(const RouteAttributes& attributes, cni::Family family) {
  if (attributes[RTA_MULTIPATH] != nullptr) return multipath_hops(attributes[RTA_MULTIPATH], family);
  if (attributes[RTA_OIF] == nullptr) return {};
  return {{.device_index = number_in<std::uint32_t>(attributes[RTA_OIF]),
           .gateway = find_address(attributes[RTA_GATEWAY], family)}};
}

/// A default route has no attribute for its destination.
std::optional<cni::Prefix> destination_of(const rtmsg& header, const RouteAttributes& attributes, cni::Family family) {
  if (header.rtm_dst_len > cni::address_length(family)) return std::nullopt;
  const auto address = find_address(attributes[RTA_DST], family).value_or(cni::IpAddress{family, 0});
  return cni::Prefix{address, header.rtm_dst_len};
}

std::optional<std::uint32_t> value_other_than(std::uint32_t usual, std::uint32_t number) {
  return number == usual ? std::nullopt : std::optional{number};
}

std::optional<std::uint32_t> metric_of(nlattr* metrics, int metric) {
  return value_other_than(0, number_in<std::uint32_t>(find_nested(metrics, metric)));
}

wiring::Route read(const rtmsg& header, const RouteAttributes& attributes, const cni::Prefix& destination) {
  wiring::Route route{.destination = destination};
  route.source = find_address(attributes[RTA_PREFSRC], destination.address.family);
  route.table = value_other_than(RT_TABLE_MAIN, number_in<std::uint32_t>(attributes[RTA_TABLE], header.rtm_table));
  route.priority = value_other_than(0, number_in<std::uint32_t>(attributes[RTA_PRIORITY]));
  route.mtu = metric_of(attributes[RTA_METRICS], RTAX_MTU);
  route.advmss = metric_of(attributes[RTA_METRICS], RTAX_ADVMSS);
  return route;
}

bool is_local(const std::string& message, std::uint32_t device_index) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != RTM_NEWROUTE || nlmsg_valid_hdr(header, sizeof(rtmsg)) == 0) return false;
  if (static_cast<const rtmsg*>(nlmsg_data(header))->rtm_type != RTN_LOCAL) return false;
  const nlattr* device = nlmsg_find_attr(header, sizeof(rtmsg), RTA_OIF);
  return device_index == 0 || (number_in<std::uint32_t>(device) == device_index);
}

/// With only NLM_F_APPEND, the kernel merges IPv6 routes of one metric into one multipath route. NLM_F_EXCL prevents
/// that; beside it, NLM_F_APPEND has no effect in fib6_add_rt2node() and marks the routes that raise_metric() may
/// change.
constexpr int after_lower_metrics = NLM_F_EXCL | NLM_F_APPEND;

bool is_ipv6(const wiring::Route& route) { return route.destination.address.family == cni::Family::ipv6; }

int position_of(const wiring::Route& route) {
  if (route.exclusive) return NLM_F_EXCL;
  return is_ipv6(route) ? after_lower_metrics : NLM_F_APPEND;
}

/// A route that raise_metric() may change needs an explicit metric; the kernel's default is IP6_RT_PRIO_USER.
std::optional<std::uint32_t> priority_of(const wiring::Route& route) {
  return is_ipv6(route) && !route.exclusive ? route.priority.value_or(default_ipv6_metric) : route.priority;
}

}  // namespace

NetlinkRequest add_route(const Device& device, const wiring::Route& route) {
  auto message = new_message(RTM_NEWROUTE, header_of(route), NLM_F_CREATE | position_of(route));
  put_address(message.get(), RTA_DST, route.destination.address);
  put_number(message.get(), RTA_TABLE, route.table.value_or(RT_TABLE_MAIN));
  put_number(message.get(), RTA_OIF, device.index);
  if (route.gateway) put_address(message.get(), RTA_GATEWAY, *route.gateway);
  if (route.source) put_address(message.get(), RTA_PREFSRC, *route.source);
  if (const auto priority = priority_of(route)) put_number(message.get(), RTA_PRIORITY, *priority);
  put_metrics(message.get(), route);
  return {std::move(message), action_text("add", device, route)};
}

bool raise_metric(const NetlinkRequest& request) {
  auto* header = nlmsg_hdr(request.message.get());
  if (header->nlmsg_type != RTM_NEWROUTE) return false;
  if ((header->nlmsg_flags & after_lower_metrics) != after_lower_metrics) return false;
  nlattr* attribute = nlmsg_find_attr(header, sizeof(rtmsg), RTA_PRIORITY);
  const auto metric = number_in<std::uint32_t>(attribute) + 1;
  std::memcpy(nla_data(attribute), &metric, sizeof metric);
  return true;
}

NetlinkRequest delete_matching_route(const Device& device, const wiring::Route& route) {
  auto header = header_of(route);
  header.rtm_scope = RT_SCOPE_NOWHERE;  // matches any scope
  header.rtm_type = RTN_UNSPEC;
  auto message = new_message(RTM_DELROUTE, header);
  put_address(message.get(), RTA_DST, route.destination.address);
  put_number(message.get(), RTA_TABLE, route.table.value_or(RT_TABLE_MAIN));
  put_number(message.get(), RTA_OIF, device.index);
  return {std::move(message), action_text("delete", device, route), {ESRCH, ENOENT}};
}

NetlinkRequest add_loopback_route(const Device& device) {
  return {loopback_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND, device),
          "add route local ::1 dev \"" + device.name + '"',
          {EEXIST}};
}

NetlinkRequest delete_loopback_route(const Device& device) {
  return {
      loopback_route(RTM_DELROUTE, 0, device), "delete route local ::1 dev \"" + device.name + '"', {ESRCH, ENOENT}};
}

const std::vector<int> absent_family_errors{ENOENT, EAFNOSUPPORT, EOPNOTSUPP};

NetlinkRequest list_routes(const Device& device, cni::Family family) {
  auto message = route_query(family);
  put_number(message.get(), RTA_OIF, device.index);
  return {std::move(message), "list routes of \"" + device.name + '"', absent_family_errors};
}

NetlinkRequest list_advertised_routes() {
  rtmsg filter{};
  filter.rtm_protocol = RTPROT_RA;
  return {route_query(cni::Family::ipv6, filter), "list routes of router advertisements", absent_family_errors};
}

NetlinkRequest get_matching_route(const cni::IpAddress& destination) {
  rtmsg filter{};
  filter.rtm_dst_len = static_cast<std::uint8_t>(cni::address_length(destination.family));
  filter.rtm_flags = RTM_F_FIB_MATCH;
  auto message = route_query(destination.family, filter);
  put_address(message.get(), RTA_DST, destination);
  return {std::move(message), "get route to " + cni::to_string(destination)};
}

/// Requests the route as it is in the table (RTM_F_FIB_MATCH). For a resolved IPv6 route the kernel also selects a
/// source address and walks all devices to find one (rt6_fill_node() in net/ipv6/route.c; measured: 2 ms with 1,000
/// devices).
NetlinkRequest get_route(const cni::IpAddress& destination, std::uint32_t device_index) {
  rtmsg filter{};
  filter.rtm_dst_len = static_cast<std::uint8_t>(cni::address_length(destination.family));
  if (destination.family == cni::Family::ipv6) filter.rtm_flags = RTM_F_FIB_MATCH;
  auto message = route_query(destination.family, filter);
  put_address(message.get(), RTA_DST, destination);
  if (device_index != 0) put_number(message.get(), RTA_OIF, device_index);
  return {std::move(message),
          "get route to " + cni::to_string(destination),
          {ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL, EAFNOSUPPORT, EOPNOTSUPP}};
}

NetlinkRequest get_input_route(const cni::IpAddress& source, const cni::IpAddress& destination,
                               std::uint32_t device_index) {
  rtmsg filter{};
  filter.rtm_src_len = filter.rtm_dst_len = static_cast<std::uint8_t>(cni::address_length(destination.family));
  auto message = route_query(destination.family, filter);
  put_address(message.get(), RTA_SRC, source);
  put_address(message.get(), RTA_DST, destination);
  put_number(message.get(), RTA_IIF, device_index);
  return {std::move(message), "get route from " + cni::to_string(source) + " to " + cni::to_string(destination)};
}

std::optional<FoundRoute> find_route(const std::string& message, std::uint32_t device_index) {
  auto* whole = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  RouteAttributes attributes{};
  if (whole->nlmsg_type != RTM_NEWROUTE) return std::nullopt;
  if (nlmsg_parse(whole, sizeof(rtmsg), attributes.data(), RTA_MAX, nullptr) < 0) return std::nullopt;
  const auto& header = *static_cast<const rtmsg*>(nlmsg_data(whole));
  const auto family = find_family(header.rtm_family);
  const auto destination = family ? destination_of(header, attributes, *family) : std::nullopt;
  if (!destination) return std::nullopt;
  FoundRoute found{.route = read(header, attributes, *destination),
                   .is_own = header.rtm_protocol == route_protocol,
                   .is_local = header.rtm_type == RTN_LOCAL};
  const auto hops = hops_of(attributes, *family);
  const auto is_sought = [&](const Hop& hop) { return device_index == 0 || hop.device_index == device_index; };
  if (const auto hop = std::ranges::find_if(hops, is_sought); hop != hops.end()) {
    found.device_index = hop->device_index;
    found.route.gateway = hop->gateway;
  }
  return found;
}

std::vector<std::uint32_t> find_devices(const std::string& message) {
  auto* whole = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  RouteAttributes attributes{};
  if (whole->nlmsg_type != RTM_NEWROUTE) return {};
  if (nlmsg_parse(whole, sizeof(rtmsg), attributes.data(), RTA_MAX, nullptr) < 0) return {};
  std::vector<std::uint32_t> devices;
  const auto family = find_family(static_cast<const rtmsg*>(nlmsg_data(whole))->rtm_family);
  if (!family) return devices;
  for (const auto& hop : hops_of(attributes, *family)) {
    if (std::ranges::find(devices, hop.device_index) == devices.end()) devices.push_back(hop.device_index);
  }
  return devices;
}

std::size_t count_local_routes(const std::vector<std::string>& messages, std::uint32_t device_index) {
  return static_cast<std::size_t>(std::count_if(
      messages.begin(), messages.end(), [&](const std::string& message) { return is_local(message, device_index); }));
}

}  // namespace kernel
