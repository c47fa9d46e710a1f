// macspoofchk: a container on a bridge sends under its own MAC alone.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/nftables.hpp"
#include "integration/support/probe.hpp"
#include "integration/support/snapshot.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto foreign_mac = "0a:58:0a:01:02:99";

json checked() {
  auto config = in_mode("bridge");
  config["macspoofchk"] = true;
  return config;
}

std::string mac_of(const json& result) { return result.at("interfaces").at(2).at("mac").get<std::string>(); }

/// a is connected as its configuration says, b without the check.
class Spoofing : public testing::Test {
 protected:
  void connect(const json& config) {
    added = add(a, config);
    neighbour = add(b, in_mode("bridge"));
    ASSERT_EQ(added.exit + neighbour.exit, 0) << added << neighbour;
  }

  /// The kernel forgets neighbours with the MAC. a is told where b is, so that what it sends is the datagram itself.
  void pretend(const std::string& mac) const {
    change_ip(a.netns, {"link", "set", "eth0", "address", mac});
    for (const int family : {4, 6}) {
      change_ip(a.netns, {"neighbour", "replace", address_of(neighbour.result, family), "lladdr",
                          mac_of(neighbour.result), "dev", "eth0"});
    }
  }

  bool passes(int family) const {
    return Probe{a.netns, b.netns, family}.arrives(address_of(neighbour.result, family));
  }

  const Container a{"a"};
  const Container b{"b"};
  Answer added;
  Answer neighbour;
};

TEST_F(Spoofing, IsStoppedAtThePort) {
  connect(checked());
  for (const int family : {4, 6}) {
    EXPECT_TRUE(passes(family)) << "under its own MAC, IPv" << family;
    pretend(foreign_mac);
    EXPECT_FALSE(passes(family)) << "under another, IPv" << family;
    pretend(mac_of(added.result));
    EXPECT_TRUE(passes(family)) << "under its own again, IPv" << family;
  }
}

TEST_F(Spoofing, PassesWithoutTheCheck) {
  connect(in_mode("bridge"));
  pretend(foreign_mac);
  for (const int family : {4, 6}) EXPECT_TRUE(passes(family)) << family;
  EXPECT_EQ(own_rules(), "");
}

// That the first test can fail.
TEST_F(Spoofing, IsStoppedByTheElementOfThePort) {
  connect(checked());
  pretend(foreign_mac);
  EXPECT_FALSE(passes(4));
  nft({"flush", "set", "bridge", "veth_cni", "checked_ports"});
  EXPECT_TRUE(passes(4));
}

TEST_F(Spoofing, LeavesAllOthersAlone) {
  connect(checked());
  EXPECT_TRUE(ping(b.netns, address_of(added.result, 4)));
  EXPECT_TRUE(ping(Namespace::host(), address_of(added.result, 6)));
  EXPECT_TRUE(ping(a.netns, gateway_of(added.result, 4)));
}

TEST_F(Spoofing, IsCheckedAndLeavesNothing) {
  connect(checked());
  EXPECT_EQ(check(a, checked(), added.result).exit, 0);
  nft({"flush", "set", "bridge", "veth_cni", "port_macs"});
  const auto told = check(a, checked(), added.result);
  EXPECT_EQ(code_of(told), 104) << told;
  EXPECT_NE(told.out.find("the check of MACs on port"), std::string::npos) << told;
  EXPECT_EQ(del(a, in_mode("bridge")).exit, 0);
  EXPECT_TRUE(own_elements().empty());
}

TEST_F(Spoofing, IsACheckOfBridgesAlone) {
  auto config = checked();
  config["mode"] = "ptp";
  EXPECT_EQ(add(a, config).exit, 0) << "a routed container has its own wire: the key means nothing there";
  EXPECT_EQ(own_rules(), "");
}

}  // namespace
