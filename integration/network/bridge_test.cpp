// Mode bridge: what ADD makes, which addresses can be reached, and what is refused.
#include "integration/support/call.hpp"
#include "integration/support/frame_capture.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/outside_host.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/probe.hpp"
#include "integration/support/snapshot.hpp"

#include <algorithm>
#include <deque>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

using Texts = std::vector<std::string>;

json bridge_network(const std::vector<std::string>& subnets = {"10.1.2.0/24", "fd00:1:2::/64"}) {
  return {{"cniVersion", "1.1.0"},     {"name", "net"},   {"type", "veth"},
          {"mode", "bridge"},          {"bridge", "br0"}, {"isGateway", true},
          {"ipam", veth_ipam(subnets)}};
}

json layer_2_network() {
  return {{"cniVersion", "1.1.0"}, {"name", "net"}, {"type", "veth"}, {"mode", "bridge"}, {"bridge", "br0"}};
}

class Bridge : public testing::Test {
 protected:
  /// The settings of the port, as `bridge -d link` prints them.
  static json port(const json& result) {
    const auto outcome = run({.argv = {"bridge", "-d", "-j", "link", "show", "dev", port_of(result)}});
    return json::parse(outcome.out).at(0);
  }
  /// The port of br0 whose other end is br0.100.
  std::string gateway_port() const {
    return ip(host, {"link", "show", "dev", "br0.100"}).at(0).at("link").get<std::string>();
  }
  static std::string port_of(const json& result) { return result.at("interfaces").at(1).at("name").get<std::string>(); }

  Namespace host = Namespace::host();
  json config = bridge_network();
  Container a{"a"};
  Container b{"b"};
};

TEST_F(Bridge, ReturnsBridgePortAndContainer) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto& interfaces = added.result.at("interfaces");
  ASSERT_EQ(interfaces.size(), 3U) << added;
  EXPECT_EQ(interfaces.at(0).at("name"), "br0");
  EXPECT_EQ(interfaces.at(0).at("mac"), ip(host, {"link", "show", "dev", "br0"}).at(0).at("address"));
  EXPECT_EQ(ip(host, {"link", "show", "dev", port_of(added.result)}).at(0).at("master"), "br0");
  EXPECT_EQ(interfaces.at(2).at("sandbox"), a.netns.path());
  EXPECT_EQ(added.result.at("ips").at(0),
            (json{{"interface", 2}, {"address", "10.1.2.2/24"}, {"gateway", "10.1.2.1"}}));
}

TEST_F(Bridge, ConnectsContainersHostAndAddressesBehindTheHost) {
  run_ip(host, {"address", "add", "203.0.113.1/32", "dev", "lo"});
  run_ip(host, {"address", "add", "2001:db8::1/128", "dev", "lo", "nodad"});
  ASSERT_TRUE(ping(host, "2001:db8::1", 50));
  const auto first = add(a, config);
  const auto second = add(b, config);
  ASSERT_EQ(first.exit + second.exit, 0) << first << second;
  for (const int family : {4, 6}) {
    EXPECT_TRUE(ping(a.netns, address_of(second.result, family))) << "container to container, IPv" << family;
    EXPECT_TRUE(ping(host, address_of(first.result, family))) << "host to container, IPv" << family;
    EXPECT_TRUE(ping(b.netns, gateway_of(first.result, family))) << "container to gateway, IPv" << family;
  }
  EXPECT_TRUE(ping(a.netns, "203.0.113.1"));
  EXPECT_TRUE(ping(a.netns, "2001:db8::1"));
}

TEST_F(Bridge, DeliversTheFirstPacket) {
  for (int round = 0; round < 20; ++round) {
    const Container c{"c"};
    const Container d{"d"};
    for (const int family : {4, 6}) {
      const Probe probe{c.netns, d.netns, family};
      const Probe from_host{host, d.netns, family};
      ASSERT_EQ(add(c, config).exit, 0);
      const auto added = add(d, config);
      const auto target = address_of(added.result, family);
      EXPECT_TRUE(probe.arrives(target)) << "container to container, IPv" << family << ", round " << round;
      EXPECT_TRUE(from_host.arrives(target)) << "host to container, IPv" << family << ", round " << round;
      EXPECT_EQ(del(c, config).exit + del(d, config).exit, 0);
    }
  }
}

// A bridge without ports has no carrier; it gets one with its first port.
TEST_F(Bridge, DeliversTheFirstPacketToItsOnlyPort) {
  for (int round = 0; round < 20; ++round) {
    const Probe probe{host, a.netns, round % 2 == 0 ? 4 : 6};
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_TRUE(probe.arrives(address_of(added.result, round % 2 == 0 ? 4 : 6))) << "round " << round;
    EXPECT_EQ(del(a, config).exit, 0);
  }
}

TEST_F(Bridge, ForwardsTheFirstPacketOfAnotherMachine) {
  const OutsideHost outside;
  for (const auto* prefix : {"10.1.2.0/24", "fd00:1:2::/64"}) outside.add_route(prefix);
  const Probe ipv4{outside.netns, a.netns, 4};
  const Probe ipv6{outside.netns, a.netns, 6};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(ipv6.arrives(address_of(added.result, 6)));
  EXPECT_TRUE(ipv4.arrives(address_of(added.result, 4)));
}

/// The bridge takes one of the two addresses, so that one is left for a container.
TEST_F(Bridge, IsTheGatewayOfASubnetOfTwoAddresses) {
  config = bridge_network({"10.1.2.0/31", "fd00:1:2::/127"});
  for (int round = 0; round < 3; ++round) {
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_TRUE(ping(a.netns, "10.1.2.1") && ping(a.netns, "fd00:1:2::1"));
    EXPECT_EQ(code_of(add(b, config)), 102) << "the range is full";
    EXPECT_EQ(del(a, config).exit + del(b, config).exit, 0);
  }
  auto requested = config;
  requested["runtimeConfig"]["ips"] = {"10.1.2.1/31"};
  EXPECT_EQ(code_of(add(a, requested)), 7);
}

TEST_F(Bridge, LeavesOnlyTheBridgeAfterDel) {
  ASSERT_EQ(add(a, config).exit, 0);
  ASSERT_EQ(del(a, config).exit, 0);
  const auto before = Snapshot::take();
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  EXPECT_EQ(del(a, config, added.result).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Bridge, KeepsItsMacWhenPortsAreAddedAndRemoved) {
  const auto mac = [&] { return ip(host, {"link", "show", "dev", "br0"}).at(0).at("address"); };
  ASSERT_EQ(add(a, config).exit, 0);
  const auto first = mac();
  ASSERT_EQ(add(b, config).exit, 0);
  EXPECT_EQ(mac(), first);
  ASSERT_EQ(del(a, config).exit + del(b, config).exit, 0);
  EXPECT_EQ(mac(), first);
}

TEST_F(Bridge, GivesAnAddressTheSameMacInEveryContainer) {
  config["runtimeConfig"] = {{"ips", {"10.1.2.77/24", "fd00:1:2::77/64"}}};
  const auto first = add(a, config);
  ASSERT_EQ(first.exit + del(a, config).exit, 0) << first;
  const auto second = add(b, config);
  ASSERT_EQ(second.exit, 0) << second;
  EXPECT_EQ(first.result.at("interfaces").at(2).at("mac"), second.result.at("interfaces").at(2).at("mac"));
}

TEST_F(Bridge, WorksWithoutAddresses) {
  config = layer_2_network();
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_FALSE(added.result.contains("ips")) << added;
  EXPECT_TRUE(addresses(a.netns, "eth0").empty());
  EXPECT_TRUE(addresses(host, "br0").empty());
  EXPECT_EQ(check(a, config, added.result).exit, 0) << check(a, config, added.result);
  EXPECT_EQ(del(a, config, added.result).exit, 0);
}

TEST_F(Bridge, LeavesTheContainersInterfaceDownOnRequest) {
  config = layer_2_network();
  config["disableContainerInterface"] = true;
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto flags = ip(a.netns, {"link", "show", "dev", "eth0"}).at(0).at("flags");
  EXPECT_EQ(std::find(flags.begin(), flags.end(), "UP"), flags.end()) << flags;
  EXPECT_EQ(check(a, config, added.result).exit, 0) << check(a, config, added.result);
}

TEST_F(Bridge, IsolatesPortsOnlyFromEachOther) {
  const Container open{"open"};
  const auto to_open = add(open, config);
  config["portIsolation"] = true;
  const auto first = add(a, config);
  const auto second = add(b, config);
  ASSERT_EQ(to_open.exit + first.exit + second.exit, 0) << first << second;
  EXPECT_EQ(port(first.result).value("isolated", false), true);
  for (const int family : {4, 6}) {
    EXPECT_FALSE(ping(a.netns, address_of(second.result, family))) << "isolated to isolated, IPv" << family;
    EXPECT_TRUE(ping(a.netns, address_of(to_open.result, family))) << "isolated to open, IPv" << family;
    EXPECT_TRUE(ping(a.netns, gateway_of(first.result, family))) << "isolated to gateway, IPv" << family;
  }
}

TEST_F(Bridge, SetsHairpinAndPromiscuousMode) {
  config["hairpinMode"] = true;
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(port(added.result).value("hairpin", false), true);
  config.erase("hairpinMode");
  config["promiscMode"] = true;
  ASSERT_EQ(add(b, config).exit, 0);
  const auto flags = ip(host, {"link", "show", "dev", "br0"}).at(0).at("flags");
  EXPECT_NE(std::find(flags.begin(), flags.end(), "PROMISC"), flags.end()) << flags;
}

TEST_F(Bridge, IsTheDefaultGatewayOnRequest) {
  config["isDefaultGateway"] = true;
  config["ipam"].erase("routes");
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(routes(a.netns, 4), (Texts{"default via 10.1.2.1 dev eth0", "10.1.2.0/24 dev eth0"}));
  EXPECT_EQ(added.result.at("routes"),
            (json{{{"dst", "0.0.0.0/0"}, {"gw", "10.1.2.1"}}, {{"dst", "::/0"}, {"gw", "fd00:1:2::1"}}}));
}

TEST_F(Bridge, UsesABridgeThatExists) {
  run_ip(host, {"link", "add", "br0", "type", "bridge"});
  run_ip(host, {"link", "set", "br0", "up"});
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(ping(a.netns, gateway_of(added.result, 4)));
}

TEST_F(Bridge, RefusesAnotherDeviceOfThatName) {
  run_ip(host, {"link", "add", "br0", "type", "veth", "peer", "name", "br1"});
  const auto before = Snapshot::take();
  const auto added = add(a, config);
  EXPECT_EQ(code_of(added), 7) << added;
  EXPECT_NE(added.out.find("already exists but is not a bridge"), std::string::npos) << added;
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Bridge, ReplacesAnotherAddressOnlyWithForceAddress) {
  run_ip(host, {"link", "add", "br0", "type", "bridge"});
  run_ip(host, {"link", "set", "br0", "up"});
  run_ip(host, {"address", "add", "10.9.9.1/24", "dev", "br0"});
  const auto before = Snapshot::take_settled();
  const auto refused = add(a, config);
  EXPECT_EQ(code_of(refused), 7) << refused;
  EXPECT_NE(refused.out.find("already has an IP address different from 10.1.2.1/24"), std::string::npos) << refused;
  EXPECT_TRUE(unchanged_since(before));
  config["forceAddress"] = true;
  ASSERT_EQ(add(a, config).exit, 0);
  EXPECT_EQ(addresses(host, "br0"), (Texts{"10.1.2.1/24", "fd00:1:2::1/64"}));
}

/// The route makes ADD fail after the gateways are on the bridge. Then the corrected configuration is not refused.
TEST_F(Bridge, LosesTheGatewaysOfAFailedAdd) {
  ASSERT_EQ(add(b, layer_2_network()).exit, 0);
  auto wrong = config;
  wrong["ipam"]["ranges"] = {{{{"subnet", "10.1.2.0/24"}, {"gateway", "10.1.2.254"}}},
                             {{{"subnet", "fd00:1:2::/64"}, {"gateway", "fd00:1:2::ff"}}}};
  wrong["ipam"]["routes"].push_back({{"dst", "10.77.0.0/16"}, {"gw", "192.0.2.1"}});
  for (const bool is_forced : {false, true}) {
    wrong["forceAddress"] = is_forced;
    EXPECT_EQ(code_of(add(a, wrong)), 100);
    EXPECT_EQ(addresses(host, "br0"), Texts{});
  }
  const auto corrected = add(a, config);
  ASSERT_EQ(corrected.exit, 0) << corrected;
  EXPECT_EQ(addresses(host, "br0"), (Texts{"10.1.2.1/24", "fd00:1:2::1/64"}));
  EXPECT_TRUE(ping(a.netns, "10.1.2.1") && ping(a.netns, "fd00:1:2::1"));
}

TEST_F(Bridge, RestoresTheAddressThatAFailedAddHasReplaced) {
  run_ip(host, {"link", "add", "br0", "type", "bridge"});
  run_ip(host, {"link", "set", "br0", "up"});
  run_ip(host, {"address", "add", "10.9.9.1/24", "dev", "br0"});
  config["forceAddress"] = true;
  config["ipam"]["routes"].push_back({{"dst", "10.77.0.0/16"}, {"gw", "192.0.2.1"}});
  EXPECT_EQ(code_of(add(a, config)), 100);
  EXPECT_EQ(addresses(host, "br0"), Texts{"10.9.9.1/24"});
}

/// Failing ADDs do not take the gateway from those that succeed at the same time.
TEST_F(Bridge, KeepsTheGatewaysOfOthersWhenAnAddFails) {
  constexpr std::size_t many = 24;
  auto wrong = config;
  wrong["ipam"]["routes"].push_back({{"dst", "10.77.0.0/16"}, {"gw", "192.0.2.1"}});
  for (int round = 0; round < 5; ++round) {
    std::deque<Container> containers;
    for (std::size_t number = 0; number < many; ++number) containers.push_back(Container{"c" + std::to_string(number)});
    in_parallel(many, many, [&](std::size_t number) {
      const bool is_wrong = number % 4 != 3;
      EXPECT_EQ(add(containers.at(number), is_wrong ? wrong : config).exit, is_wrong ? 1 : 0);
    });
    EXPECT_EQ(addresses(host, "br0"), (Texts{"10.1.2.1/24", "fd00:1:2::1/64"})) << round;
    for (auto& container : containers) EXPECT_EQ(del(container, config).exit, 0);
    run_ip(host, {"link", "delete", "br0"});
  }
}

TEST_F(Bridge, AnnouncesAddressesAndMac) {
  ASSERT_EQ(add(a, config).exit, 0);
  const FrameCapture capture{a};
  const auto added = add(b, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto captured = capture.announcements();
  EXPECT_TRUE(captured.contains("arp " + address_of(added.result, 4))) << testing::PrintToString(captured);
  EXPECT_TRUE(captured.contains("neighbour advertisement " + address_of(added.result, 6)))
      << testing::PrintToString(captured);
}

TEST_F(Bridge, IsMadeOnceByConcurrentFirstAdds) {
  constexpr std::size_t many = 64;
  std::deque<Container> containers;
  for (std::size_t number = 0; number < many; ++number) containers.push_back(Container{"c" + std::to_string(number)});
  std::vector<Answer> added(many);
  in_parallel(many, many, [&](std::size_t number) { added.at(number) = add(containers.at(number), config); });
  std::set<std::string> distinct;
  for (const auto& answer : added) {
    EXPECT_EQ(answer.exit, 0) << answer;
    distinct.insert(address_of(answer.result, 4));
  }
  EXPECT_EQ(distinct.size(), many);
  EXPECT_EQ(addresses(host, "br0"), (Texts{"10.1.2.1/24", "fd00:1:2::1/64"}));
  EXPECT_TRUE(ping(containers.front().netns, address_of(added.back().result, 6)));
}

/// Whether the kernel has CONFIG_BRIDGE_VLAN_FILTERING.
bool filters_vlans() {
  const auto made = run({.argv = {"ip", "link", "add", "vlantest", "type", "bridge", "vlan_filtering", "1"}});
  run({.argv = {"ip", "link", "delete", "vlantest"}});
  return made.exit == 0;
}

TEST_F(Bridge, ReportsAKernelWithoutVlanFiltering) {
  if (filters_vlans()) GTEST_SKIP() << "NOT RUN: this kernel filters VLANs";
  const auto before = Snapshot::take();
  config["vlan"] = 100;
  const auto added = add(a, config);
  EXPECT_EQ(code_of(added), 2) << added;
  EXPECT_NE(added.out.find("this kernel does not filter VLANs"), std::string::npos) << added;
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Bridge, SeparatesVlans) {
  if (!filters_vlans()) GTEST_SKIP() << "NOT RUN: this kernel does not filter VLANs";
  config["vlan"] = 100;
  const Container c{"c"};
  const auto first = add(a, config);
  const auto second = add(b, config);
  config["vlan"] = 200;
  config["isGateway"] = false;
  const auto third = add(c, config);
  ASSERT_EQ(first.exit + second.exit + third.exit, 0) << first << second << third;
  EXPECT_TRUE(ping(a.netns, address_of(second.result, 4))) << "in one VLAN";
  EXPECT_TRUE(ping(a.netns, gateway_of(first.result, 4))) << "to the gateway in the VLAN";
  EXPECT_FALSE(ping(a.netns, address_of(third.result, 4))) << "from VLAN to VLAN";
}

/// The VLANs of a port as `bridge -j vlan` shows them, "100 PVID Egress Untagged" each.
std::vector<std::string> vlans_of(const std::string& port) {
  const auto shown = json::parse(run({.argv = {"bridge", "-j", "vlan", "show", "dev", port}}).out);
  std::vector<std::string> vlans;
  for (const auto& vlan : shown.empty() ? json::array() : shown.at(0).at("vlans")) {
    auto text = std::to_string(vlan.at("vlan").get<int>());
    for (const auto& flag : vlan.value("flags", json::array())) text += ' ' + flag.get<std::string>();
    vlans.push_back(text);
  }
  return vlans;
}

/// The keys of a configuration, and the VLANs of its port.
struct VlanKeys {
  json keys;
  std::vector<std::string> vlans;
};

TEST_F(Bridge, GivesAPortExactlyTheConfiguredVlans) {
  if (!filters_vlans()) GTEST_SKIP() << "NOT RUN: this kernel does not filter VLANs";
  const json trunk = json::array({{{"id", 7}}, {{"minID", 200}, {"maxID", 202}}});
  const std::vector<VlanKeys> cases{
      {{{"vlan", 100}}, {"100 PVID Egress Untagged"}},
      {{{"vlan", 100}, {"vlanTrunk", trunk}}, {"7", "100 PVID Egress Untagged", "200", "201", "202"}},
      {{{"vlanTrunk", trunk}}, {"1 PVID Egress Untagged", "7", "200", "201", "202"}},
      {{{"vlan", 201}, {"vlanTrunk", trunk}}, {"7", "200", "201 PVID Egress Untagged", "202"}},
      {{{"vlan", 100}, {"preserveDefaultVlan", true}}, {"1 Egress Untagged", "100 PVID Egress Untagged"}}};
  config["isGateway"] = false;
  for (const auto& [keys, vlans] : cases) {
    auto network = config;
    network.update(keys);
    const auto added = add(a, network);
    ASSERT_EQ(added.exit, 0) << keys << added;
    EXPECT_EQ(vlans_of(port_of(added.result)), vlans) << keys;
    EXPECT_EQ(check(a, network, added.result).exit, 0) << keys << check(a, network, added.result);
    EXPECT_EQ(del(a, network, added.result).exit, 0);
  }
}

/// The bridge itself stays in its default VLAN: only its interface in the VLAN receives frames of the containers.
TEST_F(Bridge, GivesTheGatewaysAnInterfaceInTheVlan) {
  if (!filters_vlans()) GTEST_SKIP() << "NOT RUN: this kernel does not filter VLANs";
  config["vlan"] = 100;
  config["vlanTrunk"] = json::array({{{"minID", 200}, {"maxID", 202}}});
  config["preserveDefaultVlan"] = true;
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(addresses(host, "br0"), Texts{});
  EXPECT_EQ(addresses(host, "br0.100"), (Texts{"10.1.2.1/24", "fd00:1:2::1/64"}));
  EXPECT_EQ(vlans_of(gateway_port()), Texts{"100 PVID Egress Untagged"});
  EXPECT_EQ(vlans_of("br0"), Texts{"1 PVID Egress Untagged"});
  EXPECT_TRUE(ping(a.netns, "10.1.2.1") && ping(a.netns, "fd00:1:2::1"));
}

TEST_F(Bridge, IsComparedByCheckWithTheVlansOfItsGatewaysAndRepaired) {
  if (!filters_vlans()) GTEST_SKIP() << "NOT RUN: this kernel does not filter VLANs";
  config["vlan"] = 100;
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto port = gateway_port();
  for (const auto* change : {"del dev PORT vid 100", "add dev PORT vid 200"}) {
    const auto changed = std::string{"bridge vlan "} + std::regex_replace(change, std::regex{"PORT"}, port);
    ASSERT_EQ(run({.argv = {"sh", "-c", changed}}).exit, 0) << changed;
    const auto checked = check(a, config, added.result);
    EXPECT_EQ(code_of(checked), 104) << checked;
    EXPECT_NE(checked.out.find("expected 100 PVID untagged"), std::string::npos) << checked;
    const auto repaired = vethctl({"repair"});
    EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
    EXPECT_EQ(vlans_of(port), Texts{"100 PVID Egress Untagged"});
    EXPECT_EQ(check(a, config, added.result).exit, 0);
    EXPECT_TRUE(ping(a.netns, "10.1.2.1"));
  }
}

/// What leaves a trunk is tagged; the native VLAN is not.
TEST_F(Bridge, CarriesTaggedFramesOfATrunk) {
  if (!filters_vlans()) GTEST_SKIP() << "NOT RUN: this kernel does not filter VLANs";
  auto trunk = config;
  trunk["vlan"] = 100;
  trunk["vlanTrunk"] = json::array({{{"id", 200}}});
  const auto first = add(a, trunk);
  config["vlan"] = 200;
  config["isGateway"] = false;
  const auto second = add(b, config);
  ASSERT_EQ(first.exit + second.exit, 0) << first << second;
  EXPECT_FALSE(ping(a.netns, address_of(second.result, 4))) << "untagged frames are in the native VLAN";
  run_ip(a.netns, {"link", "add", "eth0.200", "link", "eth0", "type", "vlan", "id", "200"});
  run_ip(a.netns, {"address", "add", "10.1.2.99/24", "dev", "eth0.200"});
  run_ip(a.netns, {"link", "set", "eth0.200", "up"});
  run_ip(a.netns, {"route", "replace", address_of(second.result, 4), "dev", "eth0.200", "src", "10.1.2.99"});
  EXPECT_TRUE(ping(a.netns, address_of(second.result, 4), 3));
}

TEST_F(Bridge, TakesAPortOutOfAnotherDefaultVlan) {
  if (!filters_vlans()) GTEST_SKIP() << "NOT RUN: this kernel does not filter VLANs";
  run_ip(host, {"link", "add", "br0", "type", "bridge", "vlan_filtering", "1", "vlan_default_pvid", "5"});
  config["vlan"] = 100;
  config["isGateway"] = false;
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(vlans_of(port_of(added.result)), std::vector<std::string>{"100 PVID Egress Untagged"});
  EXPECT_EQ(check(a, config, added.result).exit, 0);
}

TEST_F(Bridge, IsComparedByCheckWithItsVlansAndRepaired) {
  if (!filters_vlans()) GTEST_SKIP() << "NOT RUN: this kernel does not filter VLANs";
  config["vlan"] = 100;
  config["vlanTrunk"] = json::array({{{"minID", 200}, {"maxID", 202}}});
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto port = port_of(added.result);
  const auto wanted = vlans_of(port);
  const std::vector<std::vector<std::string>> changes{{"add", "dev", port, "vid", "1", "untagged"},
                                                      {"add", "dev", port, "vid", "200-210"},
                                                      {"del", "dev", port, "vid", "201"},
                                                      {"del", "dev", port, "vid", "100"},
                                                      {"add", "dev", port, "vid", "100", "untagged"},
                                                      {"add", "dev", port, "vid", "200", "pvid"}};
  for (const auto& change : changes) {
    std::vector<std::string> command{"bridge", "vlan"};
    command.insert(command.end(), change.begin(), change.end());
    ASSERT_EQ(run({.argv = command}).exit, 0);
    const auto checked = check(a, config, added.result);
    EXPECT_EQ(code_of(checked), 104) << checked;
    EXPECT_NE(checked.out.find("expected 100 PVID untagged, 200-202"), std::string::npos) << checked;
    EXPECT_EQ(vethctl({"check"}).exit, 1);
    const auto repaired = vethctl({"repair"});
    EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
    EXPECT_EQ(vlans_of(port), wanted) << repaired.out;
    EXPECT_EQ(check(a, config, added.result).exit, 0);
  }
  run_ip(host, {"link", "set", "br0", "type", "bridge", "vlan_filtering", "0"});
  EXPECT_NE(check(a, config, added.result).out.find("does not filter VLANs"), std::string::npos);
}

/// A killed ADD can leave the VLAN interface outside of the bridge.
TEST_F(Bridge, AttachesAVlanInterfaceThatIsNotItsPort) {
  if (!filters_vlans()) GTEST_SKIP() << "NOT RUN: this kernel does not filter VLANs";
  config["vlan"] = 100;
  ASSERT_EQ(add(a, config).exit, 0);
  run_ip(host, {"link", "set", gateway_port(), "nomaster"});
  const auto second = add(b, config);
  ASSERT_EQ(second.exit, 0) << second;
  EXPECT_TRUE(ping(b.netns, gateway_of(second.result, 4)));
}

/// A manual change after ADD, and a text that the error of CHECK has to contain.
struct BridgeChange {
  std::string name;
  std::vector<std::string> change;  ///< arguments of `ip`; PORT is replaced by the name of the port
  std::string report;
};

TEST_F(Bridge, IsComparedByCheckTogetherWithItsPort) {
  const std::vector<BridgeChange> changes{
      {"port taken out", {"link", "set", "PORT", "nomaster"}, "is not a port of bridge"},
      {"gateway removed", {"address", "delete", "10.1.2.1/24", "dev", "br0"}, "10.1.2.1/24"},
      {"bridge down", {"link", "set", "br0", "down"}, "br0"},
      {"bridge deleted", {"link", "delete", "br0"}, "br0"}};
  for (const auto& [name, arguments, report] : changes) {
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    auto change = arguments;
    std::replace(change.begin(), change.end(), std::string{"PORT"}, port_of(added.result));
    run_ip(host, change);
    const auto checked = check(a, config, added.result);
    EXPECT_EQ(code_of(checked), 104) << name << checked;
    EXPECT_NE(checked.out.find(report), std::string::npos) << name << checked;
    ASSERT_EQ(del(a, config, added.result).exit, 0);
  }
}

}  // namespace
