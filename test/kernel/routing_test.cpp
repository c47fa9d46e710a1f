#include "plugin/kernel/routing.hpp"

#include "test/support/addresses.hpp"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace {

using kernel::RouteEntry;
using kernel::RouteType;
using test::ip;
using test::prefix;

constexpr std::uint8_t proto_static = 4;

RouteEntry entry(const std::string& destination, const std::string& device = "dummy0") {
  return {.route = {.destination = prefix(destination)}, .protocol = proto_static, .device = device};
}

kernel::PolicyRule lookup(std::uint32_t priority, std::uint32_t table, cni::Family family = cni::Family::ipv4) {
  return {.family = family, .priority = priority, .table = table};
}

/// The rules of a new namespace.
kernel::Routing default_routing() {
  return {.rules = {lookup(0, 255), lookup(32766, 254), lookup(0, 255, cni::Family::ipv6),
                    lookup(32766, 254, cni::Family::ipv6)}};
}

TEST(RouteEntry, HasTheWordsOfIpRoute) {
  auto route = entry("10.1.2.2/32");
  EXPECT_EQ(kernel::delete_command(route), "ip route del 10.1.2.2/32 dev dummy0 table main proto static");
  route.route.gateway = ip("10.9.0.1");
  route.route.table = 100;
  route.route.priority = 5;
  EXPECT_EQ(kernel::delete_command(route),
            "ip route del 10.1.2.2/32 via 10.9.0.1 dev dummy0 table 100 proto static metric 5");
  auto dropping = entry("fd00::2/128", "lo");
  dropping.type = RouteType::blackhole;
  dropping.route.priority = 1024;
  EXPECT_EQ(kernel::delete_command(dropping),
            "ip -6 route del blackhole fd00::2/128 table main proto static metric 1024");
}

TEST(FindEntry, PrefersTheLongestPrefixThenTheLowestMetric) {
  auto routing = default_routing();
  EXPECT_FALSE(kernel::find_entry(routing, ip("10.1.2.2")).has_value());
  routing.tables.add(entry("0.0.0.0/0", "eth0"));
  EXPECT_EQ(kernel::find_entry(routing, ip("10.1.2.2"))->device, "eth0");
  auto second = entry("10.1.2.0/24", "second");
  second.route.priority = 5;
  routing.tables.add(second);
  routing.tables.add(entry("10.1.2.0/24", "first"));
  EXPECT_EQ(kernel::find_entry(routing, ip("10.1.2.2"))->device, "first");
  EXPECT_FALSE(kernel::find_entry(routing, ip("fd00::2")).has_value());
}

TEST(FindEntry, FollowsRulesInTheirOrder) {
  auto routing = default_routing();
  routing.tables.add(entry("10.1.2.2/32", "main"));
  auto in_table = entry("10.1.0.0/16", "other");
  in_table.route.table = 100;
  routing.tables.add(in_table);
  auto rule = lookup(100, 100);
  rule.destination = prefix("10.1.2.0/24");
  routing.rules.insert(routing.rules.begin() + 1, rule);
  EXPECT_EQ(kernel::find_entry(routing, ip("10.1.2.2"))->device, "other");
  routing.rules[1].suppressed = 16;
  EXPECT_EQ(kernel::find_entry(routing, ip("10.1.2.2"))->device, "main");
  routing.rules[1] = lookup(100, 100);
  routing.rules[1].is_conditional = true;
  EXPECT_EQ(kernel::find_entry(routing, ip("10.1.2.2"))->device, "main") << "it may not apply";
  routing.rules[1] = lookup(100, 0);
  routing.rules[1].action = kernel::PolicyRule::Action::reject;
  EXPECT_FALSE(kernel::find_entry(routing, ip("10.1.2.2")).has_value());
}

TEST(RouteTables, ListTheRoutesOfADeviceAndThoseThatReject) {
  kernel::RouteTables tables;
  auto through = entry("10.1.2.2/32");
  through.device_index = 7;
  tables.add(through);
  auto dropping = entry("10.1.3.0/24");
  dropping.type = RouteType::prohibit;
  tables.add(dropping);
  ASSERT_EQ(tables.through(7).size(), 1U);
  EXPECT_TRUE(*tables.through(7).front() == through);
  EXPECT_TRUE(tables.through(8).empty());
  ASSERT_EQ(tables.rejecting().size(), 1U);
  EXPECT_TRUE(*tables.rejecting().front() == dropping);
}

TEST(Precedence, IsOfTheSameDestinationWithoutALargerMetric) {
  EXPECT_TRUE(kernel::takes_precedence(entry("10.1.2.2/32"), ip("10.1.2.2")));
  EXPECT_FALSE(kernel::takes_precedence(entry("10.1.2.0/24"), ip("10.1.2.2")));
  auto later = entry("10.1.2.2/32");
  later.route.priority = 1;
  EXPECT_FALSE(kernel::takes_precedence(later, ip("10.1.2.2")));
  auto ipv6 = entry("fd00::2/128");
  ipv6.route.priority = 1024;
  EXPECT_TRUE(kernel::takes_precedence(ipv6, ip("fd00::2")));
  ipv6.route.priority = 1025;
  EXPECT_FALSE(kernel::takes_precedence(ipv6, ip("fd00::2")));
  auto in_table = entry("0.0.0.0/0");
  in_table.route.table = 100;
  EXPECT_TRUE(kernel::takes_precedence(in_table, ip("10.1.2.2"))) << "a rule selects it before table main";
}

TEST(PolicyRule, HasTheWordsOfIpRule) {
  auto rule = lookup(100, 100);
  rule.source = prefix("10.1.2.0/24");
  EXPECT_EQ(kernel::to_string(rule), "100: from 10.1.2.0/24 lookup 100");
  EXPECT_EQ(kernel::delete_command(rule), "ip rule del from 10.1.2.0/24 pref 100");
}

}  // namespace
