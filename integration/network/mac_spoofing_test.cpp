// macspoofchk: a container on a bridge can send only from its own MAC.
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

json with_spoof_check() {
  auto config = in_mode("bridge");
  config["macspoofchk"] = true;
  return config;
}

std::string mac_of(const json& result) { return result.at("interfaces").at(2).at("mac").get<std::string>(); }

/// Container a is attached with the given configuration, b without the check.
class Spoofing : public testing::Test {
 protected:
  void attach(const json& config) {
    added = add(a, config);
    neighbour = add(b, in_mode("bridge"));
    ASSERT_EQ(added.exit + neighbour.exit, 0) << added << neighbour;
  }

  /// The kernel drops the neighbours of an interface when its MAC changes. They are set again, so that container a
  /// sends the datagram without a neighbour solicitation.
  void change_mac(const std::string& mac) const {
    run_ip(a.netns, {"link", "set", "eth0", "address", mac});
    for (const int family : {4, 6}) {
      run_ip(a.netns, {"neighbour", "replace", address_of(neighbour.result, family), "lladdr", mac_of(neighbour.result),
                       "dev", "eth0"});
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
  attach(with_spoof_check());
  for (const int family : {4, 6}) {
    EXPECT_TRUE(passes(family)) << "from its own MAC, IPv" << family;
    change_mac(foreign_mac);
    EXPECT_FALSE(passes(family)) << "from another MAC, IPv" << family;
    change_mac(mac_of(added.result));
    EXPECT_TRUE(passes(family)) << "from its own MAC again, IPv" << family;
  }
}

TEST_F(Spoofing, PassesWithoutTheCheck) {
  attach(in_mode("bridge"));
  change_mac(foreign_mac);
  for (const int family : {4, 6}) EXPECT_TRUE(passes(family)) << family;
  EXPECT_EQ(own_rules(), "");
}

// Shows that the first test can fail.
TEST_F(Spoofing, IsStoppedByTheElementOfThePort) {
  attach(with_spoof_check());
  change_mac(foreign_mac);
  EXPECT_FALSE(passes(4));
  nft({"flush", "set", "bridge", "veth_cni", "checked_ports"});
  EXPECT_TRUE(passes(4));
}

TEST_F(Spoofing, DoesNotAffectOtherTraffic) {
  attach(with_spoof_check());
  EXPECT_TRUE(ping(b.netns, address_of(added.result, 4)));
  EXPECT_TRUE(ping(Namespace::host(), address_of(added.result, 6)));
  EXPECT_TRUE(ping(a.netns, gateway_of(added.result, 4)));
}

TEST_F(Spoofing, IsComparedByCheckAndLeavesNothing) {
  attach(with_spoof_check());
  EXPECT_EQ(check(a, with_spoof_check(), added.result).exit, 0);
  nft({"flush", "set", "bridge", "veth_cni", "port_macs"});
  const auto checked = check(a, with_spoof_check(), added.result);
  EXPECT_EQ(code_of(checked), 104) << checked;
  EXPECT_NE(checked.out.find("MAC check on port"), std::string::npos) << checked;
  EXPECT_EQ(del(a, in_mode("bridge")).exit, 0);
  EXPECT_TRUE(own_elements().empty());
}

TEST_F(Spoofing, IsCheckedOnlyOnBridges) {
  auto config = with_spoof_check();
  config["mode"] = "ptp";
  EXPECT_EQ(add(a, config).exit, 0) << "the key has no effect on a routed container";
  EXPECT_EQ(own_rules(), "");
}

}  // namespace
