// Addresses that live elsewhere on the node, gateways that containers have, and two networks on one bridge: each
// address that a container gets reaches this container.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/state_folder.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr int address_in_use = 103;

json with_fixed_addresses(json config, const std::vector<std::string>& addresses) {
  config["ipam"] = {{"type", "veth-ipam"}, {"addresses", json::array()}};
  for (const auto& address : addresses) config["ipam"]["addresses"].push_back({{"address", address}});
  return config;
}

json with_gateways(json config, const std::string& ipv4, const std::string& ipv6) {
  auto& ranges = config["ipam"]["ranges"];
  ranges[0][0]["gateway"] = ipv4;
  ranges[1][0]["gateway"] = ipv6;
  return config;
}

std::string message_of(const Answer& answer) { return answer.result.is_object() ? answer.result.value("msg", "") : ""; }

class AddressConflict : public testing::Test {
 protected:
  void SetUp() override {
    run_ip(host, {"link", "add", "up0", "type", "veth", "peer", "name", "up1"});
    run_ip(host, {"link", "set", "up0", "up"});
    run_ip(host, {"link", "set", "up1", "up"});
  }

  /// The first ADD of a node gets the third addresses, which the host reaches.
  void expect_second_addresses_are_skipped(const json& config) const {
    std::filesystem::remove_all(state_root);
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_EQ(address_of(added.result, 4), "10.1.2.3") << added;
    EXPECT_EQ(address_of(added.result, 6), "fd00:1:2::3") << added;
    for (const int family : {4, 6}) EXPECT_TRUE(ping(host, address_of(added.result, family), 3)) << family;
    EXPECT_EQ(del(a, config).exit, 0);
  }

  void expect_requests_are_refused(const json& config, const std::string& found) const {
    for (const std::string address : {"10.1.2.2", "fd00:1:2::2"}) {
      auto requesting = config;
      requesting["args"] = {{"cni", {{"ips", {address}}}}};
      const auto length = address.find(':') == std::string::npos ? "/24" : "/64";
      for (const auto& asking : {requesting, with_fixed_addresses(config, {address + length})}) {
        const auto refused = add(a, asking);
        EXPECT_EQ(code_of(refused), address_in_use) << refused;
        EXPECT_EQ(message_of(refused),
                  std::string{"address "}.append(address).append(" lives elsewhere on the node: ").append(found))
            << refused;
        EXPECT_FALSE(has_interface(a.netns, "eth0"));
      }
    }
  }

  Namespace host = Namespace::host();
  Container a{"a"};
  Container b{"b"};
};

TEST_F(AddressConflict, SkipsAndRefusesAddressesOfTheHost) {
  for (const char* device : {"lo", "up0"}) {
    for (const char* address : {"10.1.2.2/32", "fd00:1:2::2/128"})
      run_ip(host, {"address", "add", address, "dev", device, "nodad"});
    for (const char* mode : {"ptp", "bridge"}) {
      SCOPED_TRACE(std::string{device} + ' ' + mode);
      expect_second_addresses_are_skipped(in_mode(mode));
      expect_requests_are_refused(in_mode(mode), "the host itself has it");
    }
    for (const char* address : {"10.1.2.2/32", "fd00:1:2::2/128"})
      run_ip(host, {"address", "del", address, "dev", device});
  }
}

/// Without a gateway the host is no router of the bridge, but its own address would still be on the node twice.
TEST_F(AddressConflict, RefusesAnAddressOfTheHostOnABridgeWithoutGateway) {
  run_ip(host, {"link", "add", "br0", "type", "bridge"});
  run_ip(host, {"address", "add", "10.1.2.2/24", "dev", "br0"});
  auto config = in_mode("bridge");
  config.erase("isGateway");
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(address_of(added.result, 4), "10.1.2.3") << added;
  EXPECT_EQ(code_of(add(b, with_fixed_addresses(config, {"10.1.2.2/24"}))), address_in_use);
}

TEST_F(AddressConflict, SkipsAndRefusesForeignRoutesOfAnyMetric) {
  for (const std::string metric : {"0", "100", "512", "4096"}) {
    run_ip(host, {"route", "add", "10.1.2.2", "dev", "up0", "metric", metric});
    run_ip(host, {"-6", "route", "add", "fd00:1:2::2", "dev", "up0", "metric", metric == "0" ? "1" : metric});
    const bool is_used = metric == "0";  // the IPv4 route of a container has metric 0, the IPv6 one 1,024
    SCOPED_TRACE(metric);
    std::filesystem::remove_all(state_root);
    auto ipv6_only = in_mode("ptp");
    ipv6_only["ipam"] = veth_ipam({"fd00:1:2::/64"});
    const auto added = add(a, ipv6_only);
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_EQ(address_of(added.result, 6) == "fd00:1:2::3", metric != "4096") << added;
    EXPECT_TRUE(ping(host, address_of(added.result, 6), 3));
    EXPECT_EQ(del(a, ipv6_only).exit, 0);
    if (is_used) expect_second_addresses_are_skipped(in_mode("ptp"));
    if (is_used) expect_requests_are_refused(in_mode("ptp"), "the host has a route to it");
    expect_second_addresses_are_skipped(in_mode("bridge"));
    expect_requests_are_refused(in_mode("bridge"), "the host has a route to it");
    run_ip(host, {"route", "del", "10.1.2.2", "dev", "up0"});
    run_ip(host, {"-6", "route", "del", "fd00:1:2::2", "dev", "up0"});
  }
}

TEST_F(AddressConflict, SkipsAndRefusesForeignRoutesOfAnotherTable) {
  for (const char* family : {"-4", "-6"}) {
    const auto prefix = family == std::string{"-4"} ? "10.1.2.2/31" : "fd00:1:2::2/128";
    run_ip(host, {family, "rule", "add", "to", prefix, "lookup", "77", "priority", "100"});
    run_ip(host, {family, "route", "add", "default", "dev", "up0", "table", "77"});
  }
  auto config = in_mode("ptp");
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(address_of(added.result, 4), "10.1.2.4") << added;
  EXPECT_EQ(address_of(added.result, 6), "fd00:1:2::4") << added;
  EXPECT_EQ(del(a, config).exit, 0);
  expect_requests_are_refused(config, "the host has a route to it");
}

TEST_F(AddressConflict, SkipsRoutesThatRejectPackets) {
  for (const std::string type : {"blackhole", "unreachable", "prohibit"}) {
    SCOPED_TRACE(type);
    run_ip(host, {"route", "add", type, "10.1.2.2"});
    run_ip(host, {"-6", "route", "add", type, "fd00:1:2::2", "metric", "1"});
    expect_second_addresses_are_skipped(in_mode("ptp"));
    expect_second_addresses_are_skipped(in_mode("bridge"));
    run_ip(host, {"route", "del", "10.1.2.2"});
    run_ip(host, {"-6", "route", "del", "fd00:1:2::2"});
  }
}

/// A route to a larger network is no conflict: the host route of a container is more specific, and so is the bridge's.
TEST_F(AddressConflict, AcceptsRoutesToLargerNetworks) {
  run_ip(host, {"route", "add", "10.1.0.0/16", "dev", "up0"});
  run_ip(host, {"-6", "route", "add", "fd00:1::/32", "dev", "up0", "metric", "1"});
  run_ip(host, {"route", "add", "blackhole", "10.1.0.0/20"});
  for (const char* mode : {"ptp", "bridge"}) {
    const auto added = add(a, in_mode(mode));
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_EQ(address_of(added.result, 4), mode == std::string{"ptp"} ? "10.1.2.2" : "10.1.2.3");
    EXPECT_EQ(del(a, in_mode(mode)).exit, 0);
  }
}

TEST_F(AddressConflict, IsReportedByVethctlCheck) {
  for (const char* mode : {"ptp", "bridge"}) {
    SCOPED_TRACE(mode);
    ASSERT_EQ(add(a, in_mode(mode)).exit, 0);
    run_ip(host, {"address", "add", "10.1.2.2/32", "dev", "lo"});
    const auto reported = vethctl({"check"});
    EXPECT_EQ(reported.exit, 1);
    EXPECT_NE(reported.out.find("address 10.1.2.2 lives elsewhere on the node: the host itself has it"),
              std::string::npos)
        << reported.out;
    EXPECT_EQ(reported.out.find("rp_filter"), std::string::npos) << reported.out;
    run_ip(host, {"address", "del", "10.1.2.2/32", "dev", "lo"});
    EXPECT_EQ(del(a, in_mode(mode)).exit, 0);
    std::filesystem::remove_all(state_root);
  }
}

TEST_F(AddressConflict, NeverGivesOutAGatewayOfARunningContainer) {
  for (const char* mode : {"ptp", "bridge"}) {
    SCOPED_TRACE(mode);
    const auto earlier = with_gateways(in_mode(mode), "10.1.2.2", "fd00:1:2::2");
    auto later = with_gateways(in_mode(mode), "10.1.2.254", "fd00:1:2::fe");
    if (mode == std::string{"bridge"}) later["isGateway"] = false;
    ASSERT_EQ(add(b, earlier).exit, 0);
    for (const char* address : {"10.1.2.2", "fd00:1:2::2"}) {
      auto requesting = later;
      requesting["args"] = {{"cni", {{"ips", {address}}}}};
      EXPECT_EQ(code_of(add(a, requesting)), address_in_use) << address;
    }
    auto first = later;
    for (const std::size_t set : {0U, 1U})
      first["ipam"]["ranges"][set][0]["rangeEnd"] = set == 0 ? "10.1.2.5" : "fd00:1:2::5";
    for (int round = 0; round < 5; ++round) {
      const auto added = add(a, first);
      ASSERT_EQ(added.exit, 0) << added;
      EXPECT_NE(address_of(added.result, 4), "10.1.2.2");
      EXPECT_NE(address_of(added.result, 6), "fd00:1:2::2");
      EXPECT_EQ(del(a, first).exit, 0);
    }
    EXPECT_EQ(del(b, earlier).exit, 0);
    EXPECT_EQ(vethctl({"clean"}).exit, 0);
    std::filesystem::remove_all(state_root);
  }
}

TEST_F(AddressConflict, RefusesAGatewayThatAContainerHas) {
  for (const char* mode : {"ptp", "bridge"}) {
    SCOPED_TRACE(mode);
    auto earlier = in_mode(mode);
    earlier["isGateway"] = false;
    const auto added = add(a, earlier);
    ASSERT_EQ(added.exit, 0) << added;
    for (const bool is_ipv4 : {true, false}) {
      const auto later =
          with_gateways(in_mode(mode), is_ipv4 ? "10.1.2.2" : "10.1.2.1", is_ipv4 ? "fd00:1:2::1" : "fd00:1:2::2");
      const auto refused = add(b, later);
      EXPECT_EQ(code_of(refused), address_in_use) << refused;
      EXPECT_EQ(message_of(refused), std::string{"gateway "} + (is_ipv4 ? "10.1.2.2" : "fd00:1:2::2") +
                                         " is an address of interface \"eth0\" of container \"a\" of network \"net\"");
      EXPECT_FALSE(has_interface(b.netns, "eth0"));
    }
    if (mode == std::string{"ptp"}) {
      for (const int family : {4, 6}) EXPECT_TRUE(ping(host, address_of(added.result, family), 3)) << family;
    }
    EXPECT_EQ(del(a, earlier).exit, 0);
    run({.argv = {"ip", "link", "delete", "br0"}});
    std::filesystem::remove_all(state_root);
  }
}

/// The holder is gone without DEL, so the address is free.
TEST_F(AddressConflict, AcceptsAGatewayThatAStaleAttachmentHad) {
  for (const char* mode : {"ptp", "bridge"}) {
    SCOPED_TRACE(mode);
    auto earlier = in_mode(mode);
    earlier["isGateway"] = false;
    const auto added = add(a, earlier);
    ASSERT_EQ(added.exit, 0) << added;
    run_ip(a.netns, {"link", "delete", "eth0"});
    const auto later = with_gateways(in_mode(mode), "10.1.2.2", "fd00:1:2::2");
    const auto succeeded = add(b, later);
    EXPECT_EQ(succeeded.exit, 0) << succeeded;
    EXPECT_EQ(del(b, later).exit, 0);
    std::filesystem::remove_all(state_root);
  }
}

json named(json config, const std::string& name) {
  config["name"] = name;
  return config;
}

class TwoNetworksOnABridge : public AddressConflict {
 protected:
  json old_network = named(in_mode("bridge"), "veth");
  json new_network = named(in_mode("bridge"), "pods");
};

TEST_F(TwoNetworksOnABridge, HaveDifferentAddresses) {
  std::vector<Container> others;
  for (int number = 0; number < 20; ++number) {
    others.push_back({.id = "c" + std::to_string(number)});
    ASSERT_EQ(add(others.back(), old_network).exit, 0);
  }
  const auto added = add(a, new_network);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(address_of(added.result, 4), "10.1.2.22");
  EXPECT_EQ(address_of(added.result, 6), "fd00:1:2::16");
  const auto next = add(b, old_network);
  ASSERT_EQ(next.exit, 0) << next;
  EXPECT_EQ(address_of(next.result, 4), "10.1.2.23");
  EXPECT_TRUE(ping(a.netns, address_of(next.result, 4), 3));
  EXPECT_EQ(vethctl({"check"}).out.find("same address"), std::string::npos);
}

TEST_F(TwoNetworksOnABridge, RefuseARequestedAddressWithTheNameOfItsHolder) {
  ASSERT_EQ(add(a, old_network).exit, 0);
  auto requesting = new_network;
  requesting["args"] = {{"cni", {{"ips", {"10.1.2.2"}}}}};
  const auto refused = add(b, requesting);
  EXPECT_EQ(code_of(refused), address_in_use) << refused;
  EXPECT_EQ(message_of(refused),
            "requested address 10.1.2.2 is held by container \"a\", interface \"eth0\" of network \"veth\" on the same "
            "bridge");
  EXPECT_EQ(code_of(add(b, with_fixed_addresses(new_network, {"fd00:1:2::2/64"}))), address_in_use);
  run_ip(a.netns, {"link", "delete", "eth0"});
  EXPECT_EQ(add(b, requesting).exit, 0) << "the holder is gone";
}

TEST_F(TwoNetworksOnABridge, ReuseAnAddressAfterDel) {
  for (const auto* network : {&old_network, &new_network, &old_network}) {
    auto requesting = *network;
    requesting["args"] = {{"cni", {{"ips", {"10.1.2.2", "fd00:1:2::2"}}}}};
    EXPECT_EQ(add(a, requesting).exit, 0);
    EXPECT_EQ(del(a, *network).exit, 0);
  }
}

/// A claim without its address is left from a lost record.
TEST_F(TwoNetworksOnABridge, IgnoreAClaimOfALostRecord) {
  ASSERT_EQ(add(a, old_network).exit, 0);
  ASSERT_EQ(run({.argv = {"sh", "-c", "rm -r /run/veth-cni/*/veth"}}).exit, 0);
  run_ip(a.netns, {"link", "delete", "eth0"});
  const auto added = add(b, new_network);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(address_of(added.result, 4), "10.1.2.2");
}

TEST_F(TwoNetworksOnABridge, MayHaveTheSameAddressesOnDifferentBridges) {
  ASSERT_EQ(add(a, old_network).exit, 0);
  new_network["bridge"] = "br1";
  new_network["isGateway"] = false;
  const auto added = add(b, new_network);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(address_of(added.result, 4), "10.1.2.2");
}

/// Folders with different dataDirs do not see each other's addresses.
TEST_F(TwoNetworksOnABridge, AreComparedByVethctlCheck) {
  ASSERT_EQ(add(a, old_network).exit, 0);
  new_network["ipam"]["dataDir"] = "/run/other";
  ASSERT_EQ(add(b, new_network).exit, 0);
  const auto reported = vethctl({"check"});
  EXPECT_EQ(reported.exit, 1);
  EXPECT_NE(reported.out.find("containers of several networks have the same address on bridge \"br0\": 10.1.2.2"),
            std::string::npos)
      << reported.out;
}

TEST_F(TwoNetworksOnABridge, LeaveNoClaims) {
  ASSERT_EQ(add(a, old_network).exit + add(b, new_network).exit, 0);
  EXPECT_EQ(del(a, old_network).exit + del(b, new_network).exit, 0);
  const auto left = run({.argv = {"sh", "-c", "find /run/veth-cni/*/.bridges -type l"}});
  EXPECT_EQ(left.out, "");
}

}  // namespace
