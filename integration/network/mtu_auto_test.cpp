// The MTU "auto": the MTU of the devices of the node's default routes.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

class MtuAuto : public testing::TestWithParam<int> {
 protected:
  static bool is_ipv4() { return GetParam() == 4; }
  static std::string family() { return "-" + std::to_string(GetParam()); }

  /// Adds a link to another machine, number 1 to 9, with a network of its own.
  void add_link(int number, int mtu) const {
    const auto name = device(number);
    run_ip(host, {"link", "add", name, "type", "veth", "peer", name, "netns", "outside"});
    run_ip(outside, {"link", "set", name, "up"});
    run_ip(host, {"link", "set", name, "up", "mtu", std::to_string(mtu)});
    add_address(number, network(number) + "1");
  }

  void add_address(int number, const std::string& address) const {
    std::vector<std::string> arguments{"address", "add", address + (is_ipv4() ? "/24" : "/64"), "dev", device(number)};
    if (!is_ipv4()) arguments.emplace_back("nodad");
    run_ip(host, arguments);
  }

  void route(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {family(), "route", "add"});
    run_ip(host, arguments);
  }

  static std::string device(int number) { return "wire" + std::to_string(number); }
  static std::string network(int number) {
    return is_ipv4() ? "10.77." + std::to_string(number) + "." : "fd77:" + std::to_string(number) + "::";
  }
  static std::string router(int number) { return network(number) + "9"; }
  static std::string documentation() { return is_ipv4() ? "192.0.2.0/24" : "2001:db8::/32"; }

  /// The MTU of a container with an address of this family.
  int mtu() const {
    json config = dual_stack();
    config["mtu"] = "auto";
    config["ipam"] = veth_ipam({is_ipv4() ? "10.1.2.0/24" : "fd00:1:2::/64"});
    const auto added = add(a, config);
    EXPECT_EQ(added.exit, 0) << added;
    const int found = ip(a.netns, {"link", "show", "dev", "eth0"}).at(0).at("mtu").get<int>();
    EXPECT_EQ(del(a, config).exit, 0);
    return found;
  }

  Namespace host = Namespace::host();
  Namespace outside{"outside"};
  Container a{"a"};
};

TEST_P(MtuAuto, EqualsMtuOfTheDefaultRouteDevice) {
  add_link(1, 1442);
  EXPECT_EQ(mtu(), 1500) << "there is no default route";
  route({"default", "via", router(1)});
  EXPECT_EQ(mtu(), 1442);
}

TEST_P(MtuAuto, IsNotChangedByRoutesThatDiscardPackets) {
  add_link(1, 1442);
  route({"default", "via", router(1)});
  for (const char* type : {"blackhole", "unreachable", "prohibit"}) {
    route({type, documentation()});
    EXPECT_EQ(mtu(), 1442) << type;
    run_ip(host, {family(), "route", "delete", type, documentation()});
  }
  route({"unreachable", "default", "metric", "9999"});
  EXPECT_EQ(mtu(), 1442);
}

TEST_P(MtuAuto, IgnoresConnectedNetworksWithDocumentationAddresses) {
  add_link(1, 1442);
  add_link(2, 1300);
  route({"default", "via", router(1)});
  add_address(2, is_ipv4() ? "192.0.2.7" : "2001:db8::7");
  EXPECT_EQ(mtu(), 1442);
}

TEST_P(MtuAuto, IsThatOfTheRouteWithTheLowestMetric) {
  add_link(1, 1442);
  add_link(2, 1400);
  route({"default", "via", router(1), "metric", "200"});
  route({"default", "via", router(2), "metric", "100"});
  EXPECT_EQ(mtu(), 1400);
  route({"blackhole", documentation()});
  EXPECT_EQ(mtu(), 1400);
}

TEST_P(MtuAuto, IsTheSmallestMtuOfAllNextHops) {
  add_link(1, 1442);
  add_link(2, 1400);
  route({"default", "nexthop", "via", router(1), "dev", device(1), "nexthop", "via", router(2), "dev", device(2)});
  EXPECT_EQ(mtu(), 1400);
  route({"blackhole", documentation()});
  EXPECT_EQ(mtu(), 1400);
}

TEST_P(MtuAuto, IsNotThatOfADefaultRouteInAnotherTable) {
  add_link(1, 1442);
  add_link(2, 1300);
  route({"default", "via", router(1)});
  route({"default", "via", router(2), "table", "77"});
  EXPECT_EQ(mtu(), 1442);
  route({"blackhole", documentation()});
  EXPECT_EQ(mtu(), 1442);
}

INSTANTIATE_TEST_SUITE_P(OfFamily, MtuAuto, testing::Values(4, 6),
                         [](const auto& family) { return "Ipv" + std::to_string(family.param); });

TEST_P(MtuAuto, IsNotLargerThanThatOfTheTunnelToOtherNodes) {
  add_link(1, 9000);
  route({"default", "via", router(1)});
  for (const char* name : {"veth-node1", "veth-node0"}) {
    run_ip(host, {"link", "add", name, "mtu", name == std::string{"veth-node0"} ? "1444" : "1450", "type", "vxlan",
                  "external", "dstport", name == std::string{"veth-node0"} ? "4790" : "4789"});
    EXPECT_EQ(mtu(), name == std::string{"veth-node0"} ? 1444 : 1450);
  }
}

}  // namespace
