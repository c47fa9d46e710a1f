// vethctl connect and disconnect: two namespaces are connected with one command, and disconnected with another.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/frame_capture.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;
using Texts = std::vector<std::string>;

class VethctlConnect : public testing::Test {
 protected:
  Snapshot before = Snapshot::take();
  Namespace net0{"net0"};
  Namespace net1{"net1"};
  Namespace net2{"net2"};
  Container one{"one"};
  Container other{"other"};
};

TEST_F(VethctlConnect, ConnectsTwoNamespacesUntilDisconnect) {
  const auto connected =
      vethctl({"connect", "net0", "net1", "--address", "192.168.10.1/24", "--peer-address", "192.168.10.2/24"});
  ASSERT_EQ(connected.exit, 0) << connected.err;
  EXPECT_NE(connected.out.find("vethctl disconnect net0"), std::string::npos) << connected.out;
  EXPECT_TRUE(ping(net0, "192.168.10.2") && ping(net1, "192.168.10.1"));
  const auto gone = vethctl({"disconnect", "net0"});
  EXPECT_EQ(gone.exit, 0) << gone.err;
  EXPECT_FALSE(has_interface(net0, "eth0") || has_interface(net1, "eth0"));
  EXPECT_TRUE(unchanged_since(before));
}

/// Each connection is a network of its own, so the addresses are unique in its two namespaces only.
TEST_F(VethctlConnect, GivesTheSameAddressesToConnectionsOfOtherNamespaces) {
  const auto connect = [](const std::string& first, const std::string& second) {
    return vethctl({"connect", first, second, "--address", "192.168.10.1/24", "--address", "fd00:10::1/64",
                    "--peer-address", "192.168.10.2/24", "--peer-address", "fd00:10::2/64"});
  };
  struct Case {
    std::string first;
    std::string second;
    const Namespace& netns;
  };
  for (const auto& [first, second, netns] :
       {Case{"net0", "net1", net0}, Case{"one", "other", one.netns}, Case{"net2", "host", net2}}) {
    const auto connected = connect(first, second);
    ASSERT_EQ(connected.exit, 0) << first << ": " << connected.err;
    EXPECT_TRUE(ping(netns, "192.168.10.2") && ping(netns, "fd00:10::2")) << first;
  }
  const auto checked = vethctl({"check"});
  EXPECT_EQ(checked.exit, 0) << checked.out;
  EXPECT_EQ(vethctl({"repair"}).out, "nothing to restore\n");
  for (const auto* end : {"net0", "one", "net2"}) EXPECT_EQ(vethctl({"disconnect", end}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// The record of a connection to the host is restored without its addresses being reserved.
TEST_F(VethctlConnect, IsRestoredBesideAConnectionWithTheSameAddresses) {
  for (const auto* container : {"net0", "net1"}) {
    const auto* peer = container == std::string{"net0"} ? "host" : "one";
    const auto connected = vethctl({"connect", container, peer, "--address", "192.168.10.1/24"});
    ASSERT_EQ(connected.exit, 0) << connected.err;
  }
  std::filesystem::remove_all("/run/veth-cni");
  ASSERT_EQ(vethctl({"repair"}).exit, 0);
  const auto connected = vethctl({"connect", "net2", "other", "--address", "192.168.10.1/24"});
  EXPECT_EQ(connected.exit, 0) << connected.err;
  EXPECT_TRUE(ping(net0, "192.168.10.2") && ping(net2, "192.168.10.2"));
}

TEST_F(VethctlConnect, RefusesAddressesThatAreUsedInItsNamespaces) {
  ASSERT_EQ(vethctl({"connect", "net0", "net1", "--address", "192.168.10.1/24"}).exit, 0);
  ASSERT_EQ(vethctl({"connect", "net2", "host", "--address", "10.7.0.1/24"}).exit, 0);
  run_ip(one.netns, {"address", "add", "10.8.0.1/24", "dev", "lo"});
  struct Case {
    Texts words;
    std::string refusal;
  };
  for (const auto& [words, refusal] :
       {Case{{"net0", "one", "--ifname", "eth1", "--address", "192.168.10.2/24"},
             "address 192.168.10.2 is used by attachment vethctl/net0/eth0"},
        Case{{"other", "net1", "--peer-ifname", "eth1", "--address", "192.168.10.3/24", "--peer-address",
              "192.168.10.1/24"},
             "address 192.168.10.1 is used by attachment vethctl/net0/eth0"},
        Case{{"other", "host", "--address", "10.7.0.1/24", "--peer-address", "10.7.0.3/24"},
             "address 10.7.0.1 is used by attachment vethctl/net2/eth0"},
        Case{{"other", "one", "--peer-address", "10.8.0.1/24"}, "address 10.8.0.1 is used by an interface of one"},
        Case{{"net0", "bridge:br0", "--ifname", "eth1", "--address", "192.168.10.1/24"},
             "address 192.168.10.1 is used by attachment vethctl/net0/eth0"}}) {
    auto all = words;
    all.insert(all.begin(), "connect");
    const auto refused = vethctl(all);
    EXPECT_EQ(refused.exit, 1) << refusal;
    EXPECT_NE(refused.err.find(refusal), std::string::npos) << refused.err;
  }
  EXPECT_FALSE(has_interface(other.netns, "eth0") || has_interface(net0, "eth1"));
}

/// Ports of bridges share the addresses of their network.
TEST_F(VethctlConnect, ReservesTheAddressesOfPorts) {
  ASSERT_EQ(vethctl({"connect", "net0", "bridge:br0", "--address", "10.7.0.1/24"}).exit, 0);
  const auto refused = vethctl({"connect", "net1", "bridge:br0", "--address", "10.7.0.1/24"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_NE(refused.err.find("address 10.7.0.1 is held by container \"net0\""), std::string::npos) << refused.err;
  EXPECT_EQ(vethctl({"connect", "one", "other", "--address", "10.7.0.1/24"}).exit, 0);
}

/// The chosen networks are free, also if several commands run at once.
TEST_F(VethctlConnect, ChoosesOtherNetworksForSimultaneousConnections) {
  in_parallel(8, 8, [](std::size_t number) {
    const auto name = "eth" + std::to_string(number);
    const auto connected = vethctl({"connect", "net0", "net1", "--ifname", name, "--peer-ifname", name});
    EXPECT_EQ(connected.exit, 0) << connected.err;
  });
  std::set<std::string> networks;
  for (int number = 0; number < 8; ++number) networks.insert(addresses(net0, "eth" + std::to_string(number)).front());
  EXPECT_EQ(networks.size(), 8U);
}

TEST_F(VethctlConnect, CarriesPacketsUnaltered) {
  ASSERT_EQ(vethctl({"connect", "one", "other"}).exit, 0);
  const FrameCapture left{one};
  const FrameCapture right{other};
  ASSERT_TRUE(ping(one.netns, "192.168.10.2") && ping(other.netns, "fd00:192:168:10::1"));
  const auto sent = echoes(left.frames());
  EXPECT_EQ(sent.size(), 4U);
  EXPECT_TRUE(sent == echoes(right.frames()));
}

TEST_F(VethctlConnect, ConnectsANamespaceToTheHost) {
  const auto connected =
      vethctl({"connect", "host", "net0", "--address", "10.7.0.1/24", "--peer-address", "10.7.0.2/24"});
  ASSERT_EQ(connected.exit, 0) << connected.err;
  EXPECT_TRUE(ping(net0, "10.7.0.1") && ping(Namespace::host(), "10.7.0.2"));
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlConnect, IsRestoredInModeNetnsAfterItsRecordWasDeleted) {
  const Texts settings{"net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"};
  const auto values = [&] { return run({.argv = {"sysctl", settings[0], settings[1]}}).out; };
  run({.argv = {"sysctl", "-w", settings[0] + "=0", settings[1] + "=0"}});
  const auto without_forwarding = values();
  ASSERT_EQ(vethctl({"connect", "host", "net0"}).exit, 0);
  const auto shown = vethctl({"show", "vethctl/net0/eth0"}).out;
  std::filesystem::remove_all(state_root);
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
  EXPECT_EQ(values(), without_forwarding);
  EXPECT_NE(shown.find("no differences"), std::string::npos) << shown;
  EXPECT_NE(vethctl({"show", "vethctl/net0/eth0"}).out.find("no differences"), std::string::npos);
  EXPECT_EQ(vethctl({"repair"}).out, "nothing to restore\n");
  EXPECT_TRUE(ping(net0, "192.168.10.2"));
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 0);
  EXPECT_FALSE(has_interface(net0, "eth0"));
}

TEST_F(VethctlConnect, ConnectsNamespacesToABridge) {
  const auto first = vethctl({"connect", "net0", "bridge:br0", "--address", "10.7.0.1/24"});
  const auto second = vethctl({"connect", "net1", "bridge:br0", "--address", "10.7.0.2/24"});
  EXPECT_NE(first.out.find("port of bridge br0 (created; disconnect does not remove it)\n"), std::string::npos)
      << first.err;
  EXPECT_NE(second.out.find("port of bridge br0\n"), std::string::npos) << second.err;
  EXPECT_TRUE(ping(net0, "10.7.0.2"));
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit + vethctl({"disconnect", "net1"}).exit, 0);
}

TEST_F(VethctlConnect, ChoosesAndPrintsAddressesOfBothFamilies) {
  run_ip(net1, {"address", "add", "192.168.10.77/24", "dev", "lo"});
  const auto first = vethctl({"connect", "net0", "net1"});
  EXPECT_EQ(first.out,
            "connected: attachment vethctl/net0/eth0\n"
            "  net0, interface eth0: 192.168.11.1/24, fd00:192:168:11::1/64\n"
            "  net1, interface eth0: 192.168.11.2/24, fd00:192:168:11::2/64\n"
            "  lo set up in net0, net1\n"
            "to disconnect: vethctl disconnect net0 --ifname eth0\n")
      << first.err;
  EXPECT_TRUE(ping(net0, "192.168.11.2") && ping(net1, "fd00:192:168:11::1"));
  const auto second = vethctl({"connect", "net0", "host", "--ifname", "eth1"});
  EXPECT_NE(second.out.find("  net0, interface eth1: 192.168.10.1/24"), std::string::npos) << second.out << second.err;
  EXPECT_TRUE(ping(net0, "192.168.10.2"));
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit + vethctl({"disconnect", "net0", "--ifname", "eth1"}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// Without lo a namespace does not reach its own addresses.
TEST_F(VethctlConnect, SetsLoUpUnlessToldOtherwise) {
  ASSERT_EQ(vethctl({"connect", "net0", "net1", "--no-lo"}).out.find("lo set up"), std::string::npos);
  EXPECT_FALSE(ping(net0, "192.168.10.1"));
  EXPECT_EQ(vethctl({"disconnect", "net0", "--no-lo"}).exit, 0);
  ASSERT_EQ(vethctl({"connect", "net0", "net1"}).exit, 0);
  EXPECT_TRUE(ping(net0, "192.168.10.1") && ping(net1, "192.168.10.2"));
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 0);
  EXPECT_EQ(vethctl({"connect", "net0", "net1"}).out.find("lo set up"), std::string::npos) << "it is up already";
}

TEST_F(VethctlConnect, IsReportedWithTheCommandThatRemovesItIfANamespaceIsGone) {
  {
    const Namespace gone{"gone"};
    ASSERT_EQ(vethctl({"connect", "net0", "gone", "--ifname", "eth7"}).exit, 0);
  }
  const auto checked = vethctl({"check"}).out;
  EXPECT_NE(checked.find("vethctl disconnect net0 --ifname eth7"), std::string::npos) << checked;
  EXPECT_EQ(vethctl({"disconnect", "net0", "--ifname", "eth7"}).exit, 0);
  EXPECT_EQ(vethctl({"check"}).exit, 0);
}

TEST_F(VethctlConnect, ChoosesTheAddressesThatAreNotGiven) {
  struct Case {
    std::vector<std::string> options;
    std::vector<std::string> here;
    std::vector<std::string> there;
  };
  for (const auto& [options, here, there] :
       {Case{{"--address", "10.7.0.9/24"}, {"10.7.0.9/24"}, {"10.7.0.1/24"}},
        Case{{"--peer-address", "10.7.0.1/24"}, {"10.7.0.2/24"}, {"10.7.0.1/24"}}, Case{{"--address", "none"}, {}, {}},
        Case{{"--mtu", "1000"}, {"192.168.10.1/24"}, {"192.168.10.2/24"}}}) {
    std::vector<std::string> words{"connect", "net0", "net1"};
    words.insert(words.end(), options.begin(), options.end());
    const auto connected = vethctl(words);
    ASSERT_EQ(connected.exit, 0) << connected.err;
    EXPECT_EQ(addresses(net0, "eth0"), here) << connected.out;
    EXPECT_EQ(addresses(net1, "eth0"), there) << connected.out;
    EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 0);
  }
  EXPECT_TRUE(unchanged_since(before));
}

/// The aliases of the interfaces identify the attachment.
TEST_F(VethctlConnect, IsDisconnectedWithoutItsRecord) {
  for (const auto* end : {"host", "net1", "bridge:br0"}) {
    ASSERT_EQ(vethctl({"connect", "net0", end}).exit, 0) << end;
    std::filesystem::remove_all(state_root);
    const auto gone = vethctl({"disconnect", "net0", "--output", "json"});
    EXPECT_EQ(gone.exit, 0) << end << ": " << gone.err;
    EXPECT_EQ(json::parse(gone.out).at("container"), "net0");
    EXPECT_FALSE(has_interface(net0, "eth0") || has_interface(net1, "eth0"));
  }
}

TEST_F(VethctlConnect, IsDisconnectedByEitherEndOrBoth) {
  for (const auto& ends : std::vector<Texts>{{"net0"}, {"net1"}, {"net0", "net1"}, {"net1", "net0"}}) {
    for (const bool has_record : {true, false}) {
      ASSERT_EQ(vethctl({"connect", "net0", "net1"}).exit, 0);
      if (!has_record) std::filesystem::remove_all(state_root);
      Texts words{"disconnect"};
      words.insert(words.end(), ends.begin(), ends.end());
      const auto outcome = vethctl(words);
      EXPECT_EQ(outcome.out, "disconnected net0/eth0\n") << ends.front() << ": " << outcome.err;
      EXPECT_FALSE(has_interface(net0, "eth0") || has_interface(net1, "eth0"));
    }
  }
}

TEST_F(VethctlConnect, IsDisconnectedByTheArgumentsOfConnect) {
  for (const auto& arguments :
       std::vector<Texts>{{"net0", "net1", "--address", "10.7.0.1/24", "--peer-ifname", "eth7", "--mtu", "1400"},
                          {"host", "net0", "--address", "10.7.0.1/24", "--peer-address", "10.7.0.2/24"}}) {
    for (const auto* command : {"connect", "disconnect"}) {
      Texts words{command};
      words.insert(words.end(), arguments.begin(), arguments.end());
      const auto outcome = vethctl(words);
      EXPECT_EQ(outcome.exit, 0) << command << ": " << outcome.err;
    }
    EXPECT_TRUE(unchanged_since(before));
  }
}

TEST_F(VethctlConnect, IsNotDisconnectedByEndsOfTwoConnections) {
  ASSERT_EQ(vethctl({"connect", "net0", "net1"}).exit, 0);
  for (const bool has_record : {true, false}) {
    if (!has_record) std::filesystem::remove_all(state_root);
    for (const auto* other : {"host", "bridge:br0", "one"}) {
      EXPECT_EQ(vethctl({"disconnect", "net0", other}).exit, 1) << other;
    }
  }
  EXPECT_TRUE(has_interface(net0, "eth0") && has_interface(net1, "eth0"));
  EXPECT_EQ(vethctl({"disconnect", "net1"}).exit, 0);
}

TEST_F(VethctlConnect, ReportsInvalidArgumentsAndMissingNamespaces) {
  EXPECT_EQ(vethctl({"connect", "host", "host"}).exit, 2);
  EXPECT_EQ(vethctl({"connect", "net0", "net1", "--address", "10.7.0.1"}).exit, 2);
  EXPECT_EQ(vethctl({"connect", "bridge:br0", "net0", "--address", "10.7.0.1/24"}).exit, 2);
  const auto gone = vethctl({"connect", "net0", "net9", "--address", "10.7.0.1/24"});
  EXPECT_EQ(gone.exit, 1);
  EXPECT_NE(gone.err.find("/run/netns/net9"), std::string::npos) << gone.err;
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 1);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlConnect, RefusesAddressesAndOptionsThatCannotWork) {
  struct Case {
    Texts words;
    std::string refusal;
  };
  for (const auto& [words, refusal] :
       {Case{{"net0", "net1", "--address", "10.7.0.0/24"}, "is the address of the network itself"},
        Case{{"net0", "net1", "--address", "10.7.0.255/24"}, "is the broadcast address of its network"},
        Case{{"net0", "net1", "--address", "10.7.0.1/24", "--address", "10.7.0.1/24"}, "10.7.0.1 is given twice"},
        Case{{"net0", "net1", "--address", "10.7.0.1/24", "--peer-address", "10.7.0.1/24"}, "10.7.0.1 is given twice"},
        Case{{"net0", "net1", "--address", "fd00::1/64", "--mtu", "1000"},
             "--mtu 1000: IPv6 needs at least 1280. Use a larger MTU, or give only IPv4 addresses"},
        Case{{"net0", "bridge:br0", "--peer-ifname", "x"},
             "--peer-ifname has no effect: its END is a bridge. Remove the option"},
        Case{{"net0", "/proc/self/ns/net"}, "use \"host\" instead"}}) {
    auto all = words;
    all.insert(all.begin(), "connect");
    const auto refused = vethctl(all);
    EXPECT_EQ(refused.exit, 2) << refusal;
    EXPECT_NE(refused.err.find(refusal), std::string::npos) << refused.err;
  }
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlConnect, ReportsAnExistingConnection) {
  ASSERT_EQ(vethctl({"connect", "net0", "net1"}).exit, 0);
  const auto refused = vethctl({"connect", "net0", "net1"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_EQ(refused.err.find("CNI"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("vethctl disconnect net0 --ifname eth0"), std::string::npos) << refused.err;
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 0);
}

}  // namespace
