// vethctl repair writes nothing into a namespace before both ends are proven to be one pair, and takes no address from
// what a container has given itself.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto turned_path = "/run/test/netns";

void turn_path_to(const std::string& target) {
  std::filesystem::remove(turned_path);
  std::filesystem::create_symlink(target, turned_path);
}

/// Container a, which the runtime names by a symbolic link. What the host has of it is damaged, and the link is turned.
class TurnedPath : public testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  /// The host has an interface of the same name and ifindex as the container.
  TurnedPath() {
    change_ip(host, {"link", "add", "eth0", "index", "2", "type", "bridge"});
    change_ip(host, {"link", "set", "eth0", "addrgenmode", "none", "up"});
  }
  void SetUp() override {
    turn_path_to(a.netns.path());
    added = call({.command = "ADD", .container = "a", .netns = turned_path, .config = config});
    ASSERT_EQ(added.exit, 0) << added;
    ASSERT_EQ(add(c, config).exit, 0);
    for (const auto* container : {&a, &c}) {
      ASSERT_EQ(ip(container->netns, {"link", "show", "eth0"}).at(0).at("ifindex"), 2);
    }
    host_end = host_interface_of(added.result);
    change_ip(host, {"link", "set", host_end, "mtu", "1400"});
  }
  void turn() const { turn_path_to(std::get<1>(GetParam()) == "host" ? host.path() : c.netns.path()); }

  Namespace host = Namespace::host();
  json config = in_mode(std::get<0>(GetParam()));
  Container a{"a"};
  Container c{"c"};
  Answer added;
  std::string host_end;
};

INSTANTIATE_TEST_SUITE_P(, TurnedPath,
                         testing::Combine(testing::Values("ptp", "bridge"), testing::Values("host", "container")),
                         [](const auto& instance) {
                           return std::get<0>(instance.param) + "_" + std::get<1>(instance.param);
                         });

TEST_P(TurnedPath, IsRefusedAndReportedByRepair) {
  turn();
  const auto node = Snapshot::take();
  const auto other = Snapshot::inside_whole(c.netns);
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 1) << repaired.out;
  EXPECT_NE(repaired.out.find("net/a/eth0: not mended: "), std::string::npos) << repaired.out << repaired.err;
  EXPECT_TRUE(unchanged_since(node));
  EXPECT_EQ(difference(other, Snapshot::inside_whole(c.netns)), "");
}

TEST_P(TurnedPath, IsRepairedWhenItLeadsBack) {
  turn();
  vethctl({"repair"});
  turn_path_to(a.netns.path());
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out;
  EXPECT_EQ(ip(host, {"link", "show", host_end}).at(0).at("mtu"), 1500);
  EXPECT_TRUE(ping(a.netns, "10.1.2.1"));
}

TEST_P(TurnedPath, IsDeletedWithItsOwnPair) {
  turn();
  const auto other = Snapshot::inside_whole(c.netns);
  const auto deleted = call({.command = "DEL", .container = "a", .netns = turned_path, .config = config});
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
  EXPECT_TRUE(has_interface(host, "eth0"));
  EXPECT_EQ(difference(other, Snapshot::inside_whole(c.netns)), "");
}

/// Mode netns: the path of the peer.
TEST(TurnedPeerPath, IsRefusedAndReportedByRepair) {
  const Container a{"a"};
  const Namespace peer{"peer"};
  const Container c{"c"};
  json config = in_mode("netns");
  config["ipam"] = {{"type", "veth-ipam"}, {"addresses", {{{"address", "10.1.2.2/24"}}}}};
  config["peer"] = {{"netns", turned_path}, {"ifname", "eth0"}, {"addresses", {"10.1.2.1/24"}}};
  turn_path_to(peer.path());
  ASSERT_EQ(add(a, config).exit, 0);
  ASSERT_EQ(add(c, dual_stack()).exit, 0);
  change_ip(a.netns, {"address", "flush", "dev", "eth0"});
  turn_path_to(c.netns.path());
  const auto other = Snapshot::inside_whole(c.netns);
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 1) << repaired.out;
  EXPECT_EQ(difference(other, Snapshot::inside_whole(c.netns)), "");
  EXPECT_TRUE(addresses(a.netns, "eth0").empty());
  turn_path_to(peer.path());
  EXPECT_EQ(vethctl({"repair"}).exit, 0);
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_FALSE(has_interface(peer, "eth0"));
}

/// The node has a configuration of its networks, in an /etc of its own for as long as it lives.
class ConfiguredNode {
 public:
  explicit ConfiguredNode(const json& config) {
    run({.argv = {"mount", "-t", "tmpfs", "etc", "/etc"}});
    std::filesystem::create_directories("/etc/cni/net.d");
    std::ofstream{"/etc/cni/net.d/net.conflist"}
        << json{{"cniVersion", "1.0.0"}, {"name", "net"}, {"plugins", json::array({config})}};
  }
  ConfiguredNode(const ConfiguredNode&) = delete;
  ConfiguredNode& operator=(const ConfiguredNode&) = delete;
  ~ConfiguredNode() { run({.argv = {"umount", "/etc"}}); }
};

std::vector<std::string> addresses_on_record() {
  std::vector<std::string> all;
  for (const auto& lease : json::parse(vethctl({"leases", "list", "--output", "json"}).out)) {
    all.push_back(lease.at("address").get<std::string>());
  }
  std::ranges::sort(all);
  return all;
}

/// With the state lost, a container that has given itself addresses: of its ranges, and of nobody's.
class OwnAddressesOfAContainer : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    for (const char* own : {"10.1.2.3/28", "10.1.2.4/28", "8.8.8.8/32", "fd00:1:2::3/64", "fd00:1:2::4/64"}) {
      change_ip(a.netns, {"address", "add", own, "dev", "eth0"});
    }
    std::filesystem::remove_all("/run/veth-cni");
  }

  json config = of_few_addresses(GetParam());
  Container a{"a"};
  Answer added;
};

INSTANTIATE_TEST_SUITE_P(, OwnAddressesOfAContainer, testing::Values("ptp", "bridge"));

TEST_P(OwnAddressesOfAContainer, AreNotBelievedByRepair) {
  const ConfiguredNode node{config};
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
  EXPECT_EQ(addresses_on_record(), (std::vector<std::string>{"10.1.2.2", "fd00:1:2::2"})) << repaired.out;
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_EQ(addresses_on_record(), std::vector<std::string>{});
}

/// In mode bridge only the configuration has the ranges.
TEST_P(OwnAddressesOfAContainer, AreNotBelievedWithoutAConfiguration) {
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, GetParam() == "ptp" ? 0 : 1) << repaired.out << repaired.err;
  EXPECT_TRUE(std::ranges::includes(std::vector<std::string>{"10.1.2.2", "fd00:1:2::2"}, addresses_on_record()))
      << repaired.out;
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
}

TEST_P(OwnAddressesOfAContainer, AreNotKeptFromOthersByRepair) {
  const ConfiguredNode node{config};
  vethctl({"repair"});
  const Container b{"b"};
  json another = config;
  another["capabilities"] = {{"ips", true}};
  another["runtimeConfig"] = {{"ips", {"10.1.2.3/28"}}};
  const auto beside = add(b, another);
  EXPECT_EQ(beside.exit, 0) << beside;
  EXPECT_EQ(address_of(beside.result, 4), "10.1.2.3") << beside;
}

}  // namespace
