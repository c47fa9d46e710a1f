#include "plugin/vethctl/inspect/foreign_routing.hpp"
#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

using test::prefix;

inspect::Detail detail() {
  inspect::Detail detail{.attachment = test::routed("c1"), .wanted = wiring::Wiring{}};
  detail.attachment.addresses = {prefix("10.1.2.2/24")};
  detail.wanted->container.routes = {{.destination = prefix("0.0.0.0/0")}};
  return detail;
}

kernel::PolicyRule rule(std::uint32_t priority) {
  return {.family = cni::Family::ipv4, .priority = priority, .table = 254};
}

TEST(ForeignRouting, FindsTheRulesForAnAddress) {
  auto from = rule(100);
  from.source = prefix("10.1.2.0/24");
  auto to = rule(101);
  to.destination = prefix("10.1.2.2/32");
  auto other = rule(102);
  other.source = prefix("10.1.3.0/24");
  const auto matching = inspect::find_matching_rules({rule(99), from, to, other}, {detail()});
  ASSERT_EQ(matching.size(), 2U);
  EXPECT_TRUE(matching[0].rule == from);
  EXPECT_TRUE(matching[1].rule == to);
}

TEST(ForeignRouting, IsUsualInANewNamespace) {
  EXPECT_FALSE(inspect::find_unusual({.rules = {rule(0), rule(32766)}}, detail()).has_value());
}

TEST(ForeignRouting, DistinguishesRoutesThatDropAllPacketsOfTheContainer) {
  kernel::Routing routing{.rules = {rule(32766)}};
  kernel::RouteEntry some{.type = kernel::RouteType::blackhole, .route = {.destination = prefix("192.0.2.0/24")}};
  routing.tables.add(some);
  auto unusual = inspect::find_unusual(routing, detail());
  ASSERT_TRUE(unusual.has_value());
  EXPECT_EQ(unusual->rejecting, std::vector{some});
  EXPECT_TRUE(unusual->covering.empty());
  kernel::RouteEntry all{.type = kernel::RouteType::unreachable, .route = {.destination = prefix("0.0.0.0/0")}};
  routing.tables.add(all);
  EXPECT_EQ(inspect::find_unusual(routing, detail())->covering, std::vector{all});
}

TEST(ForeignRouting, FindsRulesInTheContainer) {
  auto own = rule(100);
  own.source = prefix("10.1.2.2/32");
  EXPECT_EQ(inspect::find_unusual({.rules = {rule(0), own}}, detail())->rules, std::vector{own});
}

}  // namespace
