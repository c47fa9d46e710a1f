// Routes of a container to one destination: of several networks, or of one network by several gateways.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

using Texts = std::vector<std::string>;

/// Network `number` of several in a mode, each with its own subnets and bridge and default routes of both families.
json network(const std::string& mode, std::size_t number) {
  auto config = in_mode(mode);
  const auto digit = std::to_string(number);
  config["name"] = "net" + digit;
  config["ipam"] = veth_ipam({"10.1." + digit + ".0/24", "fd00:1:" + digit + "::/64"});
  if (mode == "bridge") config["bridge"] = "br" + digit;
  return config;
}

/// The interfaces that packets to this many different destinations leave by, each once.
Texts ways(const Namespace& place, const std::string& prefix, int destinations = 16) {
  Texts interfaces;
  for (int i = 1; i <= destinations; ++i) {
    const auto route = ip(place, {"route", "get", prefix + std::to_string(i)});
    const auto interface = route.at(0).at("dev").get<std::string>();
    if (interfaces.empty() || interfaces.back() != interface) interfaces.push_back(interface);
  }
  return interfaces;
}

/// The metrics of the default routes of a family, in the words "eth0 1024".
Texts default_metrics(const Namespace& place) {
  Texts metrics;
  for (const auto& route : ip(place, {"-6", "route", "show", "default"})) {
    metrics.push_back(route.value("dev", "several") + ' ' + std::to_string(route.at("metric").get<int>()));
  }
  return metrics;
}

/// One container in several networks, by eth1, eth2 and so on.
class RoutesOfNetworks : public testing::TestWithParam<const char*> {
 protected:
  Container& by(std::size_t number) {
    container.interface = "eth" + std::to_string(number);
    return container;
  }
  void join(const std::vector<json>& configs) {
    std::size_t number = 0;
    for (const auto& config : configs) {
      added.push_back(add(by(++number), config));
      ASSERT_EQ(added.back().exit, 0) << added.back();
    }
  }
  void expect_checked(const std::vector<json>& configs) {
    for (std::size_t i = 0; i < configs.size(); ++i) {
      const auto checked = check(by(i + 1), configs.at(i), added.at(i).result);
      EXPECT_EQ(checked.exit, 0) << "network " << i + 1 << checked;
    }
  }
  void leave(std::size_t number, const json& config) { EXPECT_EQ(del(by(number), config).exit, 0) << number; }
  void expect_way(const std::string& interface) const {
    for (const char* prefix : {"198.51.100.", "2001:db8:9::"}) {
      EXPECT_EQ(ways(container.netns, prefix), Texts{interface}) << prefix;
    }
  }

  Container container{"a"};
  std::vector<Answer> added;
};

INSTANTIATE_TEST_SUITE_P(Modes, RoutesOfNetworks, testing::Values("ptp", "bridge"));

TEST_P(RoutesOfNetworks, AreUsedInTheOrderOfTheNetworks) {
  const std::vector<json> configs{network(GetParam(), 1), network(GetParam(), 2), network(GetParam(), 3)};
  join(configs);
  expect_way("eth1");
  EXPECT_EQ(default_metrics(container.netns), (Texts{"eth1 1024", "eth2 1025", "eth3 1026"}));
  expect_checked(configs);
  leave(1, configs.at(0));
  expect_way("eth2");
  leave(2, configs.at(1));
  expect_way("eth3");
  leave(3, configs.at(2));
}

TEST_P(RoutesOfNetworks, AreUsedByTheirPriorityFirst) {
  std::vector<json> configs{network(GetParam(), 1), network(GetParam(), 2), network(GetParam(), 3)};
  for (const auto first : {std::size_t{1}, std::size_t{2}}) {
    for (auto& route : configs.at(first).at("ipam").at("routes")) route["priority"] = 100;
  }
  join(configs);
  EXPECT_EQ(ways(container.netns, "2001:db8:9::"), Texts{"eth2"});
  EXPECT_EQ(default_metrics(container.netns), (Texts{"eth2 100", "eth3 101", "eth1 1024"}));
  expect_checked(configs);
}

TEST_P(RoutesOfNetworks, AreRestoredInTheirOrder) {
  const std::vector<json> configs{network(GetParam(), 1), network(GetParam(), 2)};
  join(configs);
  run_ip(container.netns, {"-6", "route", "delete", "default", "dev", "eth1"});
  EXPECT_EQ(vethctl({"repair"}).exit, 0);
  expect_way("eth1");
  expect_checked(configs);
}

/// Two containers are joined to one namespace, which has a default route through each.
TEST(RoutesOfCables, AreUsedInTheOrderOfTheCables) {
  const Namespace peer{"peer"};
  const Container containers[] = {{"a"}, {"b"}};
  for (int i = 0; i < 2; ++i) {
    const auto digit = std::to_string(i);
    const auto subnet = "fd00:" + digit + "::";
    const json config{{"cniVersion", "1.1.0"},
                      {"name", "cable" + digit},
                      {"type", "veth"},
                      {"mode", "netns"},
                      {"peer",
                       {{"netns", peer.path()},
                        {"ifname", "eth" + digit},
                        {"addresses", {subnet + "2/64"}},
                        {"routes", {{{"dst", "::/0"}, {"gw", subnet + "1"}}}}}},
                      {"ipam", {{"type", "veth-ipam"}, {"addresses", {{{"address", subnet + "1/64"}}}}}}};
    const auto added = add(containers[i], config);
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_EQ(check(containers[i], config, added.result).exit, 0);
  }
  EXPECT_EQ(default_metrics(peer), (Texts{"eth0 1024", "eth1 1025"}));
}

/// A network on a bridge with two routers, each of which is a gateway of both families.
json network_with_two_routers() {
  auto config = in_mode("bridge");
  config["isGateway"] = false;
  config["ipam"]["routes"] = {{{"dst", "0.0.0.0/0"}, {"gw", "10.1.2.1"}},
                              {{"dst", "0.0.0.0/0"}, {"gw", "10.1.2.254"}},
                              {{"dst", "::/0"}, {"gw", "fd00:1:2::1"}},
                              {{"dst", "::/0"}, {"gw", "fd00:1:2::fe"}}};
  return config;
}

class RoutesByTwoGateways : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(added.exit, 0) << added; }

  /// The gateways of the default routes, in the order in which they are used.
  Texts gateways(int family) const {
    Texts found;
    for (const auto& route : ip(a.netns, {"-" + std::to_string(family), "route", "show", "default"})) {
      found.push_back(route.value("gateway", "several"));
    }
    return found;
  }
  void expect_both() const {
    EXPECT_EQ(gateways(4), (Texts{"10.1.2.1", "10.1.2.254"}));
    EXPECT_EQ(gateways(6), (Texts{"fd00:1:2::1", "fd00:1:2::fe"}));
  }

  const json config = network_with_two_routers();
  const Container a{"a"};
  const Answer added = add(a, config);
};

TEST_F(RoutesByTwoGateways, ExistInTheOrderOfTheConfiguration) {
  expect_both();
  EXPECT_EQ(check(a, config, added.result).exit, 0);
}

TEST_F(RoutesByTwoGateways, AreCheckedAndRestored) {
  for (const auto* gateway : {"10.1.2.1", "10.1.2.254", "fd00:1:2::1", "fd00:1:2::fe"}) {
    run_ip(a.netns, {"route", "delete", "default", "via", gateway});
    const auto checked = check(a, config, added.result);
    EXPECT_EQ(code_of(checked), 104) << gateway << checked;
    EXPECT_NE(checked.out.find(std::string{"via "} + gateway + " is missing"), std::string::npos) << checked;
    EXPECT_EQ(vethctl({"repair"}).exit, 0);
    expect_both();
  }
}

TEST_F(RoutesByTwoGateways, AreRestoredWhenOneWasChanged) {
  run_ip(a.netns, {"-6", "route", "delete", "default", "via", "fd00:1:2::fe"});
  run_ip(a.netns,
         {"-6", "route", "add", "default", "via", "fd00:1:2::99", "dev", "eth0", "proto", "86", "metric", "7"});
  EXPECT_EQ(vethctl({"repair"}).exit, 0);
  EXPECT_EQ(gateways(6).back(), "fd00:1:2::fe");
  EXPECT_EQ(check(a, config, added.result).exit, 0);
}

}  // namespace
