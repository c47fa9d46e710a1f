// Mode ovs: packets through Open vSwitch, with the datapath in user space.
#include "integration/support/client.hpp"
#include "integration/support/ovs_fixture.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/probe.hpp"
#include "integration/support/service.hpp"
#include "integration/support/transfer.hpp"

#include <deque>

namespace {

using namespace support;

class OvsTraffic : public OvsTest {
 protected:
  json attach(const Container& container, const json& network) {
    const auto added = add(container, network);
    EXPECT_EQ(added.exit, 0) << added;
    return added.result;
  }

  json with(const json& keys) const {
    auto changed = config;
    changed.update(keys);
    return changed;
  }
};

TEST_F(OvsTraffic, ReturnsPortAndContainer) {
  const auto result = attach(a, config);
  const auto& interfaces = result.at("interfaces");
  ASSERT_EQ(interfaces.size(), 2U) << result;
  EXPECT_EQ(interfaces.at(1).at("sandbox"), a.netns.path());
  EXPECT_EQ(ovs->ports(), std::vector<std::string>{host_interface_of(result)});
  EXPECT_EQ(column(result, "port", "external_ids:owner"), "veth-cni");
  EXPECT_EQ(column(result, "port", "external_ids:container"), "a");
  EXPECT_EQ(column(result, "port", "other_config:transient"), "\"true\"");
  EXPECT_EQ(column(result, "interface", "external_ids:attached-mac"),
            '"' + interfaces.at(1).at("mac").get<std::string>() + '"');
}

TEST_F(OvsTraffic, ConnectsContainersOfBothFamiliesFromTheFirstPacket) {
  for (int round = 0; round < 3; ++round) {
    const Probe probe4{a.netns, b.netns, 4};
    const Probe probe6{a.netns, b.netns, 6};
    const auto first = attach(a, config);
    const auto second = attach(b, config);
    constexpr std::chrono::milliseconds patience{500};
    EXPECT_TRUE(probe4.arrives(address_of(second, 4), patience));
    EXPECT_TRUE(probe6.arrives(address_of(second, 6), patience));
    EXPECT_TRUE(ping(b.netns, address_of(first, 4)) && ping(b.netns, address_of(first, 6)));
    EXPECT_EQ(del(a, config).exit + del(b, config).exit, 0);
  }
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(OvsTraffic, CarriesTcpAndUdpBothWays) {
  const auto first = attach(a, config);
  const auto second = attach(b, config);
  const Service service_a{a.netns, 8080};
  const Service service_b{b.netns, 8080};
  for (const int family : {4, 6}) {
    for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
      EXPECT_NE(seen_as(a.netns, {protocol, address_of(second, family), 8080}), "") << name_of(protocol) << family;
      EXPECT_NE(seen_as(b.netns, {protocol, address_of(first, family), 8080}), "") << name_of(protocol) << family;
    }
  }
}

/// A datapath in user space completes no checksums: without the kernel's, no byte of a transfer arrives.
TEST_F(OvsTraffic, TransfersDataBothWays) {
  const auto first = attach(a, config);
  const auto second = attach(b, config);
  constexpr double some_bits = 100'000;
  for (const int family : {4, 6}) {
    EXPECT_GT(measure_tcp({a.netns, b.netns, address_of(second, family)}).payload_bits, some_bits) << family;
    EXPECT_GT(measure_tcp({b.netns, a.netns, address_of(first, family)}).payload_bits, some_bits) << family;
  }
}

TEST_F(OvsTraffic, SeparatesVlans) {
  const Container c{"c"};
  attach(a, with({{"vlan", 100}}));
  const auto same = attach(b, with({{"vlan", 100}}));
  const auto other = attach(c, with({{"vlan", 200}}));
  EXPECT_EQ(column(same, "port", "tag"), "100");
  EXPECT_TRUE(ping(a.netns, address_of(same, 4)) && ping(a.netns, address_of(same, 6)));
  EXPECT_FALSE(ping(a.netns, address_of(other, 4)) || ping(a.netns, address_of(other, 6)));
}

TEST_F(OvsTraffic, SetsTrunksModesAndNumber) {
  const Container c{"c"};
  const auto trunk = attach(a, with({{"vlanTrunk", {{{"id", 7}}, {{"minID", 100}, {"maxID", 102}}}}}));
  EXPECT_EQ(column(trunk, "port", "vlan_mode"), "trunk");
  EXPECT_EQ(column(trunk, "port", "trunks"), "[7, 100, 101, 102]");
  const auto native =
      attach(b, with({{"vlan", 100}, {"vlanTrunk", {{{"id", 200}}}}, {"ofportRequest", 77}, {"ovnPort", "lsp-1"}}));
  EXPECT_EQ(column(native, "port", "vlan_mode"), "native-untagged");
  EXPECT_EQ(column(native, "interface", "ofport"), "77");
  EXPECT_EQ(column(native, "interface", "external_ids:iface-id"), "lsp-1");
  const auto access = attach(c, with({{"vlan", 100}}));
  EXPECT_TRUE(ping(c.netns, address_of(native, 4))) << "the native VLAN is that of the access port";
}

/// The kinds of the qdiscs of an interface, as `tc qdisc` shows them.
std::vector<std::string> qdiscs_of(const std::string& interface) {
  const auto shown = json::parse(run({.argv = {"tc", "-j", "qdisc", "show", "dev", interface}}).out);
  std::vector<std::string> kinds;
  for (const auto& qdisc : shown) kinds.push_back(qdisc.at("kind").get<std::string>());
  return kinds;
}

/// ovs-vswitchd configures policing and queues of its ports, which uses the same qdiscs.
TEST_F(OvsTraffic, KeepsTheLimitsOfAPort) {
  const auto limited = with({{"bandwidth", {{"ingressRate", 8'000'000}}}});
  const auto first = attach(a, limited);
  const std::vector<std::string> kinds{"tbf"};
  EXPECT_EQ(qdiscs_of(host_interface_of(first)), kinds);
  attach(b, config);
  ovs->end_database();
  ovs->start_database();
  EXPECT_EQ(qdiscs_of(host_interface_of(first)), kinds) << "after a further port and a new connection";
  EXPECT_EQ(check(a, limited, first).exit, 0) << check(a, limited, first);
  EXPECT_EQ(del(a, limited).exit + del(b, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// ovs-vswitchd deletes the ingress qdiscs of its ports, unless it has set them.
TEST_F(OvsTraffic, LimitsWhatTheContainerSendsByPolicing) {
  if (OpenVswitch::is_in_user_space()) GTEST_SKIP() << "NOT RUN: the datapath is in user space";
  const auto limited = with({{"bandwidth", {{"egressRate", 8'000'000}, {"egressBurst", 1'600'000}}}});
  const auto result = attach(a, limited);
  attach(b, config);
  EXPECT_EQ(column(result, "Interface", "ingress_policing_rate"), "8000");
  EXPECT_EQ(column(result, "Interface", "ingress_policing_burst"), "1600");
  EXPECT_EQ(qdiscs_of(host_interface_of(result)).back(), "ingress");
  EXPECT_EQ(check(a, limited, result).exit, 0) << check(a, limited, result);
  ovs->vsctl({"set", "interface", host_interface_of(result), "ingress_policing_rate=0"});
  const auto checked = check(a, limited, result);
  EXPECT_NE(checked.out.find("ingress_policing_rate is none in Open vSwitch, expected 8000"), std::string::npos);
  EXPECT_EQ(vethctl({"repair"}).exit, 0);
  EXPECT_EQ(check(a, limited, result).exit, 0) << check(a, limited, result);
  EXPECT_EQ(del(a, limited).exit + del(b, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(OvsTraffic, LimitsWhatTheContainerReceivesAndRefusesTheOtherDirectionInUserSpace) {
  if (!OpenVswitch::is_in_user_space()) GTEST_SKIP() << "NOT RUN: the datapath is not in user space";
  attach(a, with({{"bandwidth", {{"ingressRate", 8'000'000}}}}));
  const auto refused = add(b, with({{"bandwidth", {{"egressRate", 8'000'000}}}}));
  EXPECT_EQ(code_of(refused), 7) << refused;
  EXPECT_NE(refused.out.find("/bandwidth/egressRate: not possible"), std::string::npos) << refused;
  EXPECT_EQ(ovs->ports().size(), 1U);
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(OvsTraffic, AttachesFortyContainersAtOnce) {
  constexpr std::size_t count = 40;
  std::deque<Container> containers;
  for (std::size_t i = 0; i < count; ++i) containers.push_back({.id = "c" + std::to_string(i)});
  for (auto& container : containers) {
    run({.argv = {"sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"}, .inside = &container.netns});
  }
  config["ipam"] = veth_ipam({"10.1.2.0/24"});
  std::vector<Answer> answers(count);
  in_parallel(count, count, [&](std::size_t i) { answers[i] = add(containers[i], config); });
  for (const auto& answer : answers) ASSERT_EQ(answer.exit, 0) << answer;
  EXPECT_EQ(ovs->ports().size(), count);
  EXPECT_TRUE(ping(containers.front().netns, address_of(answers.back().result, 4), 3));
  in_parallel(count, count, [&](std::size_t i) { answers[i] = del(containers[i], config); });
  for (const auto& answer : answers) EXPECT_EQ(answer.exit, 0) << answer;
  EXPECT_TRUE(ovs->ports().empty());
  EXPECT_EQ(gc(config, {}).exit, 0) << "ovs-vswitchd may close the interfaces later than DEL waits";
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
