// vethctl repair changes nothing in a namespace before it has proved that both ends are one pair, and does not reserve
// addresses that a container has added itself.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto netns_link = "/run/test/netns";

void point_link_to(const std::string& target) {
  std::filesystem::remove(netns_link);
  std::filesystem::create_symlink(target, netns_link);
}

/// The runtime gives the namespace of container a by a symbolic link, which later points to another namespace. The MTU
/// of the host end was changed.
class RedirectedNetnsPath : public testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  /// The host has an interface of the same name and ifindex as the container.
  RedirectedNetnsPath() {
    run_ip(host, {"link", "add", "eth0", "index", "2", "type", "bridge"});
    bring_up_without_address(host, "eth0");
  }
  void SetUp() override {
    point_link_to(a.netns.path());
    added = call({.command = "ADD", .container = "a", .netns = netns_link, .config = config});
    ASSERT_EQ(added.exit, 0) << added;
    ASSERT_EQ(add(c, config).exit, 0);
    for (const auto* container : {&a, &c}) {
      ASSERT_EQ(ip(container->netns, {"link", "show", "eth0"}).at(0).at("ifindex"), 2);
    }
    host_end = host_interface_of(added.result);
    run_ip(host, {"link", "set", host_end, "mtu", "1400"});
  }
  void redirect() const { point_link_to(std::get<1>(GetParam()) == "host" ? host.path() : c.netns.path()); }

  Namespace host = Namespace::host();
  json config = in_mode(std::get<0>(GetParam()));
  Container a{"a"};
  Container c{"c"};
  Answer added;
  std::string host_end;
};

INSTANTIATE_TEST_SUITE_P(, RedirectedNetnsPath,
                         testing::Combine(testing::Values("ptp", "bridge"), testing::Values("host", "container")),
                         [](const auto& instance) {
                           return std::get<0>(instance.param) + "_" + std::get<1>(instance.param);
                         });

TEST_P(RedirectedNetnsPath, IsRefusedAndReportedByRepair) {
  redirect();
  const auto node = Snapshot::take();
  const auto other = Snapshot::of_namespace_full(c.netns);
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 1) << repaired.out;
  EXPECT_NE(repaired.out.find(": not restored\n"), std::string::npos) << repaired.out << repaired.err;
  EXPECT_TRUE(unchanged_since(node));
  EXPECT_EQ(difference(other, Snapshot::of_namespace_full(c.netns)), "");
}

TEST_P(RedirectedNetnsPath, IsRepairedWhenItIsCorrectAgain) {
  redirect();
  vethctl({"repair"});
  point_link_to(a.netns.path());
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out;
  EXPECT_EQ(ip(host, {"link", "show", host_end}).at(0).at("mtu"), 1500);
  EXPECT_TRUE(ping(a.netns, "10.1.2.1"));
}

TEST_P(RedirectedNetnsPath, DelRemovesOnlyTheRecordedPair) {
  redirect();
  const auto other = Snapshot::of_namespace_full(c.netns);
  const auto deleted = call({.command = "DEL", .container = "a", .netns = netns_link, .config = config});
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
  EXPECT_TRUE(has_interface(host, "eth0"));
  EXPECT_EQ(difference(other, Snapshot::of_namespace_full(c.netns)), "");
}

/// In mode netns the path of the peer is redirected.
TEST(RedirectedPeerPath, IsRefusedAndReportedByRepair) {
  const Container a{"a"};
  const Namespace peer{"peer"};
  const Container c{"c"};
  json config = in_mode("netns");
  config["ipam"] = {{"type", "veth-ipam"}, {"addresses", {{{"address", "10.1.2.2/24"}}}}};
  config["peer"] = {{"netns", netns_link}, {"ifname", "eth0"}, {"addresses", {"10.1.2.1/24"}}};
  point_link_to(peer.path());
  ASSERT_EQ(add(a, config).exit, 0);
  ASSERT_EQ(add(c, dual_stack()).exit, 0);
  run_ip(a.netns, {"address", "flush", "dev", "eth0"});
  point_link_to(c.netns.path());
  const auto other = Snapshot::of_namespace_full(c.netns);
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 1) << repaired.out;
  EXPECT_EQ(difference(other, Snapshot::of_namespace_full(c.netns)), "");
  EXPECT_TRUE(addresses(a.netns, "eth0").empty());
  point_link_to(peer.path());
  EXPECT_EQ(vethctl({"repair"}).exit, 0);
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_FALSE(has_interface(peer, "eth0"));
}

/// Mounts an /etc with a configuration of the network for its lifetime.
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

std::vector<std::string> recorded_addresses() {
  std::vector<std::string> all;
  for (const auto& lease : json::parse(vethctl({"leases", "list", "--output", "json"}).out)) {
    all.push_back(lease.at("address").get<std::string>());
  }
  std::ranges::sort(all);
  return all;
}

/// The state was deleted, and the container has added addresses itself, inside and outside of the ranges.
class AddressesAddedByTheContainer : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    for (const char* own : {"10.1.2.3/28", "10.1.2.4/28", "8.8.8.8/32", "fd00:1:2::3/64", "fd00:1:2::4/64"}) {
      run_ip(a.netns, {"address", "add", own, "dev", "eth0"});
    }
    std::filesystem::remove_all(state_root);
  }

  json config = small_range(GetParam());
  Container a{"a"};
  Answer added;
};

INSTANTIATE_TEST_SUITE_P(, AddressesAddedByTheContainer, testing::Values("ptp", "bridge"));

TEST_P(AddressesAddedByTheContainer, AreNotRecordedByRepair) {
  const ConfiguredNode node{config};
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
  EXPECT_EQ(recorded_addresses(), (std::vector<std::string>{"10.1.2.2", "fd00:1:2::2"})) << repaired.out;
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_EQ(recorded_addresses(), std::vector<std::string>{});
}

/// In mode bridge only the configuration contains the ranges.
TEST_P(AddressesAddedByTheContainer, AreNotRecordedWithoutAConfiguration) {
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, GetParam() == "ptp" ? 0 : 1) << repaired.out << repaired.err;
  EXPECT_TRUE(std::ranges::includes(std::vector<std::string>{"10.1.2.2", "fd00:1:2::2"}, recorded_addresses()))
      << repaired.out;
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
}

TEST_P(AddressesAddedByTheContainer, AreAvailableToOthersAfterRepair) {
  const ConfiguredNode node{config};
  vethctl({"repair"});
  const Container b{"b"};
  json another = config;
  another["capabilities"] = {{"ips", true}};
  another["runtimeConfig"] = {{"ips", {"10.1.2.3/28"}}};
  const auto second = add(b, another);
  EXPECT_EQ(second.exit, 0) << second;
  EXPECT_EQ(address_of(second.result, 4), "10.1.2.3") << second;
}

/// The record cannot be read, but the addresses are still taken for the attachment.
class DamagedRecord : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    for (const auto& entry : std::filesystem::directory_iterator{state_folder() + "/net/live"}) {
      std::ofstream{entry.path()} << "damaged";
    }
  }
  void expect_restored_leases() {
    const auto dry_run = vethctl({"repair", "--dry-run"});
    for (const int family : {4, 6}) {
      EXPECT_NE(dry_run.out.find(address_of(added.result, family)), std::string::npos) << dry_run.out << dry_run.err;
    }
    const auto repaired = vethctl({"repair"});
    EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
    EXPECT_EQ(recorded_addresses(),
              (std::vector<std::string>{address_of(added.result, 4), address_of(added.result, 6)}));
    EXPECT_EQ(del(a, config).exit, 0);
    EXPECT_EQ(recorded_addresses(), std::vector<std::string>{});
  }

  json config = in_mode(GetParam());
  Container a{"a"};
  Answer added;
};

INSTANTIATE_TEST_SUITE_P(, DamagedRecord, testing::Values("ptp", "bridge"));

/// The kernel deletes the host's routes to the container when the host end is set down.
TEST_P(DamagedRecord, IsRestoredWithItsLeasesWithoutRoutes) {
  const Namespace host = Namespace::host();
  const auto host_end = host_interface_of(added.result);
  run_ip(host, {"link", "set", host_end, "down"});
  run_ip(host, {"link", "set", host_end, "up"});
  expect_restored_leases();
}

TEST_P(DamagedRecord, IsRestoredWithItsLeasesIfTheContainerHasOtherAddresses) {
  run_ip(a.netns, {"address", "flush", "dev", "eth0", "scope", "global"});
  run_ip(a.netns, {"address", "add", "10.1.2.99/24", "dev", "eth0"});
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(recorded_addresses(), (std::vector<std::string>{address_of(added.result, 4), address_of(added.result, 6)}))
      << repaired.out << repaired.err;
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_EQ(recorded_addresses(), std::vector<std::string>{});
}

}  // namespace
