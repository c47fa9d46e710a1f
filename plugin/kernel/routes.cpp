#include "plugin/kernel/routes.hpp"

#include "plugin/kernel/message.hpp"

#include <netlink/msg.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include <linux/rtnetlink.h>

#include <cerrno>
#include <memory>
#include <new>

namespace kernel {
namespace {

struct RouteRelease {
  void operator()(rtnl_route* route) const { rtnl_route_put(route); }
};
using RouteObject = std::unique_ptr<rtnl_route, RouteRelease>;

void describe_metrics(rtnl_route* object, const wiring::Route& route) {
  if (route.mtu) rtnl_route_set_metric(object, RTAX_MTU, *route.mtu);
  if (route.advmss) rtnl_route_set_metric(object, RTAX_ADVMSS, *route.advmss);
}

void describe_next_hop(rtnl_route* object, const Device& device, const wiring::Route& route) {
  rtnl_nexthop* hop = rtnl_route_nh_alloc();
  if (hop == nullptr) throw std::bad_alloc{};
  rtnl_route_nh_set_ifindex(hop, static_cast<int>(device.index));
  if (route.gateway) rtnl_route_nh_set_gateway(hop, to_netlink(*route.gateway).get());
  rtnl_route_add_nexthop(object, hop);
}

std::uint8_t scope_of(const wiring::Route& route) {
  return route.scope.value_or(route.gateway ? std::uint8_t{RT_SCOPE_UNIVERSE} : std::uint8_t{RT_SCOPE_LINK});
}

RouteObject describe(const Device& device, const wiring::Route& route) {
  RouteObject object{rtnl_route_alloc()};
  if (!object) throw std::bad_alloc{};
  rtnl_route_set_dst(object.get(), to_netlink(route.destination).get());
  rtnl_route_set_table(object.get(), route.table.value_or(RT_TABLE_MAIN));
  rtnl_route_set_protocol(object.get(), route_protocol);
  rtnl_route_set_scope(object.get(), scope_of(route));
  if (route.source) rtnl_route_set_pref_src(object.get(), to_netlink(*route.source).get());
  if (route.priority) rtnl_route_set_priority(object.get(), *route.priority);
  describe_metrics(object.get(), route);
  describe_next_hop(object.get(), device, route);
  return object;
}

std::string words(const Device& device, const wiring::Route& route) {
  const auto via = route.gateway ? " via " + cni::to_string(*route.gateway) : std::string{};
  return "add route " + cni::to_string(route.destination) + via + " dev \"" + device.name + '"';
}

Message route_question(cni::Family family, const rtmsg& filter = {}) {
  rtmsg header = filter;
  header.rtm_family = static_cast<std::uint8_t>(kernel_family(family));
  return new_message(RTM_GETROUTE, header);
}

const std::vector<int> no_such_family{ENOENT, EAFNOSUPPORT, EOPNOTSUPP};

}  // namespace

NetlinkRequest add_route(const Device& device, const wiring::Route& route) {
  const int place = route.exclusive ? NLM_F_EXCL : NLM_F_APPEND;
  nl_msg* message = nullptr;
  const int result = rtnl_route_build_add_request(describe(device, route).get(), NLM_F_CREATE | place, &message);
  return {built(result, message, "route"), words(device, route)};
}

NetlinkRequest list_routes(const Device& device, cni::Family family) {
  auto message = route_question(family);
  put_number(message.get(), RTA_OIF, device.index);
  return {std::move(message), "list routes of \"" + device.name + '"', no_such_family};
}

NetlinkRequest list_advertised_routes() {
  rtmsg filter{};
  filter.rtm_protocol = RTPROT_RA;
  return {route_question(cni::Family::ipv6, filter), "list routes of router advertisements", no_such_family};
}

NetlinkRequest get_route(const cni::IpAddress& destination, std::uint32_t device_index) {
  rtmsg filter{};
  filter.rtm_dst_len = static_cast<std::uint8_t>(cni::address_length(destination.family));
  auto message = route_question(destination.family, filter);
  put_address(message.get(), RTA_DST, destination);
  if (device_index != 0) put_number(message.get(), RTA_OIF, device_index);
  return {std::move(message),
          "get route to " + cni::to_string(destination),
          {ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL, EAFNOSUPPORT, EOPNOTSUPP}};
}

namespace {

std::optional<cni::Prefix> destination_of(rtnl_route* object, cni::Family family) {
  const nl_addr* destination = rtnl_route_get_dst(object);
  if (destination == nullptr) return std::nullopt;
  const auto address = from_netlink(destination).value_or(cni::IpAddress{family, 0});
  return cni::Prefix{address, static_cast<std::uint8_t>(nl_addr_get_prefixlen(destination))};
}

rtnl_nexthop* next_hop_through(rtnl_route* object, std::uint32_t device_index) {
  const int count = rtnl_route_get_nnexthops(object);
  for (int number = 0; number < count; ++number) {
    rtnl_nexthop* hop = rtnl_route_nexthop_n(object, number);
    const auto index = static_cast<std::uint32_t>(rtnl_route_nh_get_ifindex(hop));
    if (device_index == 0 || index == device_index) return hop;
  }
  return nullptr;
}

wiring::Route read(rtnl_route* object, const cni::Prefix& destination, rtnl_nexthop* hop) {
  wiring::Route route{.destination = destination};
  route.source = from_netlink(rtnl_route_get_pref_src(object));
  if (const auto table = rtnl_route_get_table(object); table != RT_TABLE_MAIN) route.table = table;
  if (const auto priority = rtnl_route_get_priority(object); priority != 0) route.priority = priority;
  if (hop != nullptr) route.gateway = from_netlink(rtnl_route_nh_get_gateway(hop));
  return route;
}

}  // namespace

std::optional<FoundRoute> find_route(const std::string& message, std::uint32_t device_index) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  rtnl_route* parsed = nullptr;
  if (header->nlmsg_type != RTM_NEWROUTE || rtnl_route_parse(header, &parsed) < 0) return std::nullopt;
  const RouteObject object{parsed};
  const auto family = find_family(rtnl_route_get_family(parsed));
  const auto destination = family ? destination_of(parsed, *family) : std::nullopt;
  if (!destination) return std::nullopt;
  rtnl_nexthop* hop = next_hop_through(parsed, device_index);
  FoundRoute found{.route = read(parsed, *destination, hop)};
  found.is_local = rtnl_route_get_type(parsed) == RTN_LOCAL;
  if (hop != nullptr) found.device_index = static_cast<std::uint32_t>(rtnl_route_nh_get_ifindex(hop));
  return found;
}

}  // namespace kernel
