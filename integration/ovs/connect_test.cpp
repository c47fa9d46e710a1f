// vethctl connect with bridges of Open vSwitch, and the chain of Neutron's hybrid plug: a namespace, a Linux bridge,
// and Open vSwitch, joined by two pairs.
#include "integration/support/client.hpp"
#include "integration/support/ovs_fixture.hpp"
#include "integration/support/service.hpp"
#include "integration/support/transfer.hpp"

namespace {

using namespace support;

class OvsConnect : public OvsTest {
 protected:
  static void connect(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "connect");
    const auto connected = vethctl(arguments);
    EXPECT_EQ(connected.exit, 0) << connected.err;
  }

  static void disconnect(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "disconnect");
    const auto gone = vethctl(arguments);
    EXPECT_EQ(gone.exit, 0) << gone.err;
  }
};

TEST_F(OvsConnect, ConnectsANamespaceUntilDisconnect) {
  connect({"a", "ovs:br0", "--address", "10.1.2.1/24", "--vlan", "7"});
  connect({"ovs:br0", "b", "--peer-address", "10.1.2.2/24", "--vlan", "7"});
  EXPECT_TRUE(ping(a.netns, "10.1.2.2"));
  EXPECT_EQ(ovs->ports().size(), 2U);
  disconnect({"a", "ovs:br0"});
  disconnect({"b"});
  EXPECT_TRUE(ovs->ports().empty());
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(OvsConnect, BuildsTheChainOfNeutron) {
  connect({"a", "bridge:qbr0", "--address", "10.1.2.1/24", "--address", "fd00:1:2::1/64"});
  connect({"bridge:qbr0", "ovs:br0", "--vlan", "7"});
  connect({"b", "ovs:br0", "--address", "10.1.2.2/24", "--address", "fd00:1:2::2/64", "--vlan", "7"});
  EXPECT_TRUE(ping(a.netns, "10.1.2.2", 3) && ping(a.netns, "fd00:1:2::2", 3));
  const Service service{b.netns, 8080};
  const Service other_service{a.netns, 8080};
  for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
    EXPECT_EQ(seen_as(a.netns, {protocol, "10.1.2.2", 8080}), "10.1.2.1");
    EXPECT_EQ(seen_as(b.netns, {protocol, "fd00:1:2::1", 8080}), "fd00:1:2::2");
  }
  constexpr double some_bits = 100'000;
  EXPECT_GT(measure_tcp({a.netns, b.netns, "10.1.2.2"}).payload_bits, some_bits);
  EXPECT_GT(measure_tcp({b.netns, a.netns, "10.1.2.1"}).payload_bits, some_bits);
  const auto checked = vethctl({"check", "vethctl"});
  EXPECT_EQ(checked.exit, 0) << checked.out;
  disconnect({"bridge:qbr0", "ovs:br0"});
  EXPECT_FALSE(ping(a.netns, "10.1.2.2"));
  disconnect({"a"});
  disconnect({"b"});
  run_ip(Namespace::host(), {"link", "delete", "qbr0"});
  EXPECT_TRUE(ovs->ports().empty());
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(OvsConnect, ShowsTheJointAndRepairsIt) {
  connect({"ovs:br0", "bridge:qbr0", "--ifname", "qvo"});
  const auto listed = json::parse(vethctl({"list", "--output", "json"}).out);
  ASSERT_EQ(listed.size(), 1U) << listed;
  EXPECT_EQ(listed.at(0).at("bridge"), "qbr0");
  EXPECT_EQ(listed.at(0).at("ovsBridge"), "br0");
  EXPECT_EQ(ovs->ports(), std::vector<std::string>{"qvo"});
  EXPECT_NE(vethctl({"graph"}).out.find("qbr0"), std::string::npos);
  EXPECT_EQ(vethctl({"show", "br0"}).exit, 0);
  ovs->vsctl({"del-port", "qvo"});
  EXPECT_EQ(vethctl({"check"}).exit, 1);
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
  EXPECT_EQ(vethctl({"check"}).exit, 0);
  disconnect({"ovs:br0", "bridge:qbr0"});
  EXPECT_TRUE(ovs->ports().empty());
  EXPECT_FALSE(has_interface(Namespace::host(), "qvo"));
  run_ip(Namespace::host(), {"link", "delete", "qbr0"});
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(OvsConnect, ExplainsWithCommandsOfOvsVsctl) {
  const auto explained = vethctl({"connect", "a", "ovs:br0", "--vlan", "7", "--explain"});
  EXPECT_EQ(explained.exit, 0) << explained.err;
  EXPECT_NE(explained.out.find("ovs-vsctl add-port br0 veth"), std::string::npos) << explained.out;
  EXPECT_NE(explained.out.find("tag=7"), std::string::npos) << explained.out;
  EXPECT_TRUE(ovs->ports().empty());
}

TEST_F(OvsConnect, RefusesTwoBridgesOfOneKindAndUnusedOptions) {
  EXPECT_EQ(vethctl({"connect", "ovs:br0", "ovs:br1"}).exit, 2);
  EXPECT_EQ(vethctl({"connect", "bridge:br0", "bridge:br1"}).exit, 2);
  EXPECT_EQ(vethctl({"connect", "host", "ovs:br0"}).exit, 2);
  EXPECT_EQ(vethctl({"connect", "a", "b", "--vlan", "7"}).exit, 2);
  EXPECT_EQ(vethctl({"connect", "a", "ovs:br0", "--vlan", "4095"}).exit, 2);
  EXPECT_EQ(vethctl({"connect", "bridge:br0", "ovs:br0", "--address", "10.1.2.1/24"}).exit, 2);
}

TEST_F(OvsConnect, LeavesNothingForAMissingBridge) {
  const auto refused = vethctl({"connect", "bridge:qbr0", "ovs:br7"});
  EXPECT_NE(refused.exit, 0);
  EXPECT_NE(refused.err.find("Open vSwitch has no bridge"), std::string::npos) << refused.err;
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
