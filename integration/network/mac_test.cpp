// MACs of next hops: they stay, and a change of one is announced to those that have it as a neighbour.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/sysctl.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto other_mac = "02:00:00:00:56:78";

std::string mac_of(const Namespace& place, const std::string& interface) {
  return ip(place, {"link", "show", "dev", interface}).at(0).at("address").get<std::string>();
}

class ChangedMac : public testing::Test {
 protected:
  static void change(const Namespace& place, const std::string& interface) {
    run_ip(place, {"link", "set", interface, "address", other_mac});
  }
  void expect_gateways_answer(const json& result) const {
    for (const int family : {4, 6}) EXPECT_TRUE(ping(a.netns, gateway_of(result, family))) << "IPv" << family;
  }

  /// Changes the MAC of an interface of the host; empty: the host end.
  void expect_announced(const char* mode, const std::string& interface) const {
    const auto added = add(a, in_mode(mode));
    ASSERT_EQ(added.exit, 0) << added;
    expect_gateways_answer(added.result);
    change(host, interface.empty() ? host_interface_of(added.result) : interface);
    expect_gateways_answer(added.result);
  }

  const Namespace host = Namespace::host();
  const Container a{"a"};
};

TEST_F(ChangedMac, OfTheHostEndIsAnnouncedToTheContainer) { expect_announced("ptp", ""); }

TEST_F(ChangedMac, OfTheBridgeIsAnnouncedToItsContainers) { expect_announced("bridge", "br0"); }

TEST_F(ChangedMac, OfABridgeThatHasItsGatewaysAlreadyIsAnnounced) {
  run_ip(host, {"link", "add", "br0", "type", "bridge"});
  run_ip(host, {"address", "add", "10.1.2.1/24", "dev", "br0"});
  run_ip(host, {"address", "add", "fd00:1:2::1/64", "dev", "br0", "nodad"});
  run_ip(host, {"link", "set", "br0", "up"});
  expect_announced("bridge", "br0");
}

TEST_F(ChangedMac, OfThePeerIsAnnouncedToTheContainer) {
  const Namespace peer{"peer"};
  const json config{
      {"cniVersion", "1.1.0"},
      {"name", "cable"},
      {"type", "veth"},
      {"mode", "netns"},
      {"peer", {{"netns", peer.path()}, {"ifname", "eth1"}, {"addresses", {"192.168.10.2/24", "fd00:10::2/64"}}}},
      {"ipam",
       {{"type", "veth-ipam"}, {"addresses", {{{"address", "192.168.10.1/24"}}, {{"address", "fd00:10::1/64"}}}}}}};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto expect_peer_answers = [&] {
    for (const char* address : {"192.168.10.2", "fd00:10::2"}) EXPECT_TRUE(ping(a.netns, address)) << address;
  };
  expect_peer_answers();
  change(peer, "eth1");
  expect_peer_answers();
}

TEST_F(ChangedMac, OfTheContainerIsAnnouncedToTheHost) {
  const auto added = add(a, in_mode("ptp"));
  ASSERT_EQ(added.exit, 0) << added;
  change(a.netns, "eth0");
  for (const int family : {4, 6}) EXPECT_TRUE(ping(host, address_of(added.result, family))) << "IPv" << family;
}

/// A bridge that the administrator has created, without setting its MAC.
class MacOfABridge : public testing::Test {
 protected:
  void SetUp() override {
    run_ip(host, {"link", "add", "br0", "type", "bridge"});
    run_ip(host, {"link", "set", "br0", "up"});
    mac = mac_of(host, "br0");
  }
  static std::string bridge_mac_in(const json& result) {
    return result.at("interfaces").at(0).at("mac").get<std::string>();
  }
  void expect_to_stay() const;

  const Namespace host = Namespace::host();
  const Container a{"a"};
  json config = in_mode("bridge");
  std::string mac;
};

void MacOfABridge::expect_to_stay() const {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(bridge_mac_in(added.result), mac);
  for (int i = 0; i < 8; ++i) {
    const Container other{"b" + std::to_string(i)};
    const auto told = add(other, config);
    ASSERT_EQ(told.exit, 0) << told;
    EXPECT_EQ(bridge_mac_in(told.result), mac);
    for (const int family : {4, 6}) EXPECT_TRUE(ping(a.netns, gateway_of(added.result, family))) << "IPv" << family;
    EXPECT_EQ(del(other, config).exit, 0);
    EXPECT_EQ(mac_of(host, "br0"), mac) << "after DEL " << i;
  }
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_EQ(mac_of(host, "br0"), mac) << "after the last DEL";
}

TEST_F(MacOfABridge, StaysWhileContainersComeAndGo) { expect_to_stay(); }

TEST_F(MacOfABridge, StaysOnANodeThatAnnouncesMacsByDefault) {
  run_ip(host, {"link", "delete", "br0"});
  set_sysctl(host, "ipv4/conf/default/arp_notify", "1");
  SetUp();
  expect_to_stay();
}

TEST_F(MacOfABridge, StaysWhereItHasItsGatewaysAlready) {
  run_ip(host, {"address", "add", "10.1.2.1/24", "dev", "br0"});
  run_ip(host, {"address", "add", "fd00:1:2::1/64", "dev", "br0", "nodad"});
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(bridge_mac_in(added.result), mac_of(host, "br0"));
  EXPECT_EQ(mac_of(host, "br0"), mac);
}

TEST_F(MacOfABridge, StaysOnLayer2) {
  config.erase("ipam");
  config.erase("isGateway");
  ASSERT_EQ(add(a, config).exit, 0);
  EXPECT_EQ(mac_of(host, "br0"), mac);
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_EQ(mac_of(host, "br0"), mac);
}

TEST_F(MacOfABridge, IsThatOfTheAdministratorsPort) {
  run_ip(host, {"link", "add", "up0", "address", "00:00:5e:00:53:01", "type", "veth", "peer", "name", "up1"});
  run_ip(host, {"link", "set", "up0", "master", "br0", "up"});
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(bridge_mac_in(added.result), "00:00:5e:00:53:01");
  run_ip(host, {"link", "delete", "up0"});
  EXPECT_TRUE(ping(a.netns, gateway_of(added.result, 4)));
}

TEST_F(MacOfABridge, IsANewOneAfterItsLastPortHasLeft) {
  run_ip(host, {"link", "add", "up0", "type", "veth", "peer", "name", "up1"});
  run_ip(host, {"link", "set", "up0", "master", "br0"});
  run_ip(host, {"link", "delete", "up0"});
  ASSERT_EQ(mac_of(host, "br0"), "00:00:00:00:00:00");
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(bridge_mac_in(added.result), mac_of(host, "br0"));
  for (const int family : {4, 6}) EXPECT_TRUE(ping(a.netns, gateway_of(added.result, family))) << "IPv" << family;
}

/// It detects duplicates of its link-local address for a second or two.
TEST_F(MacOfABridge, LetsTheFirstAddGoAheadWithoutDuplicateAddressDetection) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  for (const auto& address : ip(host, {"-6", "address", "show", "dev", "br0"}).at(0).at("addr_info")) {
    EXPECT_TRUE(address.value("nodad", false)) << address;
    EXPECT_FALSE(address.value("tentative", false)) << address;
  }
  EXPECT_TRUE(ping(a.netns, gateway_of(added.result, 6)));
}

TEST_F(MacOfABridge, IsNotSetWhereTheAddIsRefused) {
  run_ip(host, {"address", "add", "10.9.9.1/24", "dev", "br0"});
  const auto before = Snapshot::take_settled();
  EXPECT_EQ(code_of(add(a, config)), 7);
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
