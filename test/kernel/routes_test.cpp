#include "plugin/kernel/routes.hpp"

#include "plugin/kernel/links.hpp"
#include "test/kernel/messages.hpp"
#include "test/support/addresses.hpp"
#include "test/support/wiring_words.hpp"

#include <linux/rtnetlink.h>

#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::bytes_of;
using test::device;
using test::ip;
using test::prefix;

const rtmsg& route_header(const kernel::NetlinkRequest& request) {
  return *static_cast<const rtmsg*>(nlmsg_data(nlmsg_hdr(request.message.get())));
}

TEST(RouteMessage, IsReadAsItWasWritten) {
  const wiring::Route routes[] = {
      {.destination = prefix("10.1.2.0/24"), .gateway = ip("10.1.2.1"), .source = ip("10.1.2.5")},
      {.destination = prefix("10.1.2.1/32"), .source = ip("10.1.2.5")},
      {.destination = prefix("10.77.0.0/16"), .gateway = ip("10.1.2.1"), .priority = 50, .table = 100},
      {.destination = prefix("10.77.0.0/16"), .gateway = ip("10.1.2.1"), .table = 100'000},
      {.destination = prefix("fd00::/64"), .gateway = ip("fe80::1"), .source = ip("fd00::5"), .priority = 7},
      {.destination = prefix("fd00::5/128"), .priority = 1024}};  // what the kernel uses where none is given
  for (const auto& route : routes) {
    const auto found = kernel::find_route(bytes_of(kernel::add_route(device, route).message));
    ASSERT_TRUE(found.has_value()) << test::words(route);
    EXPECT_EQ(test::words(found->route), test::words(route));
    EXPECT_EQ(found->device_index, 7U) << test::words(route);
  }
}

TEST(RouteMessage, ContainsItsMetrics) {
  const wiring::Route route{
      .destination = prefix("10.77.0.0/16"), .gateway = ip("10.1.2.1"), .mtu = 1400, .advmss = 1360};
  EXPECT_EQ(test::words(kernel::find_route(bytes_of(kernel::add_route(device, route).message))->route),
            "10.77.0.0/16 via 10.1.2.1 mtu 1400 advmss 1360");
}

TEST(RouteMessage, IsReadAsADefaultRouteOfItsFamily) {
  for (const char* text : {"0.0.0.0/0", "::/0"}) {
    const wiring::Route route{.destination = prefix(text), .gateway = ip(text[0] == ':' ? "fe80::1" : "10.1.2.1")};
    const auto found = kernel::find_route(bytes_of(kernel::add_route(device, route).message));
    ASSERT_TRUE(found.has_value()) << text;
    EXPECT_EQ(cni::to_string(found->route.destination), text);
  }
}

/// A route with two next hops, through interfaces 7 and 8.
kernel::Message multipath_route() {
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = 16;
  header.rtm_table = RT_TABLE_MAIN;
  auto message = kernel::new_message(RTM_NEWROUTE, header);
  kernel::put_address(message.get(), RTA_DST, ip("10.77.0.0"));
  nlattr* hops = nla_nest_start(message.get(), RTA_MULTIPATH);
  for (const auto& [index, gateway] : {std::pair{7, "10.1.2.1"}, {8, "10.1.3.1"}}) {
    auto* hop = static_cast<rtnexthop*>(nlmsg_reserve(message.get(), sizeof(rtnexthop), NLMSG_ALIGNTO));
    kernel::put_address(message.get(), RTA_GATEWAY, ip(gateway));
    hop->rtnh_len = sizeof(rtnexthop) + RTA_SPACE(4);
    hop->rtnh_ifindex = index;
  }
  nla_nest_end(message.get(), hops);
  return message;
}

TEST(RouteMessage, IsReadWithTheNextHopThroughAnInterface) {
  const auto bytes = bytes_of(multipath_route());
  EXPECT_EQ(test::words(kernel::find_route(bytes, 8)->route), "10.77.0.0/16 via 10.1.3.1");
  EXPECT_EQ(kernel::find_route(bytes)->device_index, 7U);
  EXPECT_EQ(kernel::find_route(bytes, 9)->device_index, 0U);
}

TEST(RouteMessage, IsNotReadIfThePrefixIsTooLong) {
  auto request = kernel::add_route(device, {.destination = prefix("10.1.2.1/32")});
  static_cast<rtmsg*>(nlmsg_data(nlmsg_hdr(request.message.get())))->rtm_dst_len = 33;
  EXPECT_FALSE(kernel::find_route(bytes_of(request.message)).has_value());
}

TEST(RouteMessage, IsCountedIfTheDestinationIsLocal) {
  const auto far = kernel::add_route(device, {.destination = prefix("fd00::4/128")});
  const auto near = kernel::add_route(device, {.destination = prefix("fd00::5/128")});
  static_cast<rtmsg*>(nlmsg_data(nlmsg_hdr(near.message.get())))->rtm_type = RTN_LOCAL;
  const auto link = kernel::bring_up(7, "eth0");
  const std::vector answers{bytes_of(far.message), bytes_of(near.message), bytes_of(link.message)};
  EXPECT_EQ(kernel::count_local_routes(answers), 1U);
  EXPECT_EQ(kernel::count_local_routes(answers, device.index), 1U);
  EXPECT_EQ(kernel::count_local_routes(answers, device.index + 1), 0U) << "the address is on another interface";
}

TEST(RouteMessage, IsNotFoundInOtherMessages) {
  const auto query = kernel::list_routes(device, cni::Family::ipv4);
  EXPECT_FALSE(kernel::find_route(bytes_of(query.message)).has_value());
}

TEST(RouteRequest, HasTheScopeOfItsRoute) {
  struct Case {
    wiring::Route route;
    int scope;
  };
  const Case cases[] = {{{.destination = prefix("10.1.2.1/32")}, RT_SCOPE_LINK},
                        {{.destination = prefix("0.0.0.0/0"), .gateway = ip("10.1.2.1")}, RT_SCOPE_UNIVERSE},
                        {{.destination = prefix("10.1.2.1/32"), .scope = RT_SCOPE_HOST}, RT_SCOPE_HOST}};
  for (const auto& [route, scope] : cases) {
    EXPECT_EQ(route_header(kernel::add_route(device, route)).rtm_scope, scope) << test::words(route);
  }
}

TEST(RouteRequest, HasOurProtocolNumber) {
  const auto request = kernel::add_route(device, {.destination = prefix("10.1.2.5/32")});
  EXPECT_EQ(route_header(request).rtm_protocol, kernel::route_protocol);
}

TEST(RouteRequest, ContainsMtuAndSegmentSize) {
  const wiring::Route route{.destination = prefix("10.77.0.0/16"), .mtu = 1400, .advmss = 1360};
  const auto request = kernel::add_route(device, route);
  auto* metrics = nlmsg_find_attr(nlmsg_hdr(request.message.get()), sizeof(rtmsg), RTA_METRICS);
  ASSERT_NE(metrics, nullptr);
  nlattr* mtu = nla_find(static_cast<nlattr*>(nla_data(metrics)), nla_len(metrics), RTAX_MTU);
  nlattr* advmss = nla_find(static_cast<nlattr*>(nla_data(metrics)), nla_len(metrics), RTAX_ADVMSS);
  ASSERT_TRUE(mtu != nullptr && advmss != nullptr);
  EXPECT_EQ(nla_get_u32(mtu), 1400U);
  EXPECT_EQ(nla_get_u32(advmss), 1360U);
}

TEST(RouteRequest, IsExclusiveOrAppended) {
  constexpr int flags = NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND;
  const auto exclusive = kernel::add_route(device, {.destination = prefix("10.1.2.5/32"), .exclusive = true});
  EXPECT_EQ(nlmsg_hdr(exclusive.message.get())->nlmsg_flags & flags, NLM_F_CREATE | NLM_F_EXCL);
  EXPECT_TRUE(exclusive.tolerated.empty());
  const auto shared = kernel::add_route(device, {.destination = prefix("0.0.0.0/0")});
  EXPECT_EQ(nlmsg_hdr(shared.message.get())->nlmsg_flags & flags, NLM_F_CREATE | NLM_F_APPEND);
  EXPECT_TRUE(shared.tolerated.empty());
}

std::optional<std::uint32_t> metric_in(const kernel::NetlinkRequest& request) {
  const auto* attribute = nlmsg_find_attr(nlmsg_hdr(request.message.get()), sizeof(rtmsg), RTA_PRIORITY);
  return attribute == nullptr ? std::nullopt : std::optional{nla_get_u32(attribute)};
}

TEST(RouteRequest, OfIpv6ComesAfterOthersByMetric) {
  const wiring::Route route{.destination = prefix("::/0"), .gateway = ip("fe80::1")};
  const auto default_metric = kernel::add_route(device, route);
  EXPECT_NE(nlmsg_hdr(default_metric.message.get())->nlmsg_flags & NLM_F_EXCL, 0);
  EXPECT_EQ(metric_in(default_metric), 1024U);
  EXPECT_TRUE(kernel::raise_metric(default_metric));
  EXPECT_EQ(metric_in(default_metric), 1025U);
  const auto given = kernel::add_route(device, {.destination = prefix("::/0"), .priority = 7});
  EXPECT_TRUE(kernel::raise_metric(given));
  EXPECT_EQ(metric_in(given), 8U);
}

TEST(RouteRequest, KeepsItsMetricUnlessItIsOfIpv6AndNotExclusive) {
  const auto ipv4 = kernel::add_route(device, {.destination = prefix("0.0.0.0/0"), .priority = 7});
  const auto exclusive =
      kernel::add_route(device, {.destination = prefix("fd00::5/128"), .priority = 1024, .exclusive = true});
  for (const auto* request : {&ipv4, &exclusive}) {
    const auto before = metric_in(*request);
    EXPECT_FALSE(kernel::raise_metric(*request)) << request->action;
    EXPECT_EQ(metric_in(*request), before) << request->action;
  }
  EXPECT_FALSE(kernel::raise_metric(kernel::get_link("eth0")));
}

TEST(RouteRequest, DescribesItsAction) {
  const wiring::Route route{.destination = prefix("0.0.0.0/0"), .gateway = ip("10.1.2.1")};
  EXPECT_EQ(kernel::add_route(device, route).action, R"(add route 0.0.0.0/0 via 10.1.2.1 dev "eth0")");
  EXPECT_EQ(kernel::add_route(device, {.destination = prefix("fd00::5/128")}).action,
            R"(add route fd00::5/128 dev "eth0")");
  EXPECT_EQ(kernel::list_routes(device, cni::Family::ipv6).action, R"(list routes of "eth0")");
  EXPECT_EQ(kernel::list_advertised_routes().action, "list routes of router advertisements");
  EXPECT_EQ(kernel::get_route(ip("192.0.2.1")).action, "get route to 192.0.2.1");
}

}  // namespace
