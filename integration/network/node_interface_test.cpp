// An interface of the node has the name that the container's interface gets.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

class NodeInterface : public testing::TestWithParam<std::string> {
 protected:
  NodeInterface() {
    run_ip(host, {"link", "add", "eth0", "up", "type", "veth", "peer", "name", "uplink"});
    config.update({{"bandwidth", {{"egressRate", 100'000'000}, {"egressBurst", 8'000'000}}},
                   {"promisc", true},
                   {"txQLen", 77},
                   {"mtu", 1400}});
  }

  void expect_no_interface_of_the_plugin() const {
    std::set<std::string> names;
    for (const auto& link : ip(host, {"link", "show"})) names.insert(link.at("ifname").get<std::string>());
    names.erase("br0");  // the bridge of a network stays
    EXPECT_EQ(names, (std::set<std::string>{"eth0", "lo", "uplink"}));
  }

  Namespace host = Namespace::host();
  Container a{"a"};
  json config = in_mode(GetParam());
};

TEST_P(NodeInterface, KeepsItsName) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  for (const int family : {4, 6}) EXPECT_TRUE(ping(a.netns, gateway_of(added.result, family))) << family;
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  const auto end = ip(a.netns, {"-d", "link", "show", "dev", "eth0"}).at(0);
  EXPECT_EQ(end.at("mtu"), 1400);
  EXPECT_EQ(end.at("txqlen"), 77);
  EXPECT_EQ(end.at("promiscuity"), 1);
  const auto& flags = end.at("flags");
  EXPECT_NE(std::find(flags.begin(), flags.end(), "UP"), flags.end()) << flags;
  EXPECT_EQ(del(a, config).exit, 0);
  expect_no_interface_of_the_plugin();
}

TEST_P(NodeInterface, IsNotConfusedWithOneOfTheContainer) {
  run_ip(a.netns, {"link", "add", "eth0", "type", "veth", "peer", "name", "other"});
  const auto refused = add(a, config);
  EXPECT_EQ(refused.exit, 1);
  EXPECT_NE(refused.out.find("the container already has an interface with this name"), std::string::npos) << refused;
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(has_interface(a.netns, "eth0"));
  expect_no_interface_of_the_plugin();
}

INSTANTIATE_TEST_SUITE_P(, NodeInterface, testing::Values("ptp", "bridge"),
                         [](const auto& mode) { return mode.param; });

}  // namespace
