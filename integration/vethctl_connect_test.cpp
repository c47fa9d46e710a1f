// vethctl connect and disconnect: the experiment that stands at the root of it all, in one line.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/listener.hpp"
#include "integration/support/snapshot.hpp"

#include <filesystem>
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
  Container one{"one"};
  Container other{"other"};
};

TEST_F(VethctlConnect, JoinsTwoNamespacesInOneLineAndTakesItBack) {
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

TEST_F(VethctlConnect, CarriesPacketsUnaltered) {
  ASSERT_EQ(vethctl({"connect", "one", "other"}).exit, 0);
  const Listener left{one};
  const Listener right{other};
  ASSERT_TRUE(ping(one.netns, "192.168.10.2") && ping(other.netns, "fd00:192:168:10::1"));
  const auto sent = echoes(left.frames());
  EXPECT_EQ(sent.size(), 4U);
  EXPECT_TRUE(sent == echoes(right.frames()));
}

TEST_F(VethctlConnect, JoinsANamespaceToTheHost) {
  const auto connected =
      vethctl({"connect", "host", "net0", "--address", "10.7.0.1/24", "--peer-address", "10.7.0.2/24"});
  ASSERT_EQ(connected.exit, 0) << connected.err;
  EXPECT_TRUE(ping(net0, "10.7.0.1") && ping(Namespace::host(), "10.7.0.2"));
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlConnect, IsRecordedAnewAsTheCableThatItIs) {
  const Texts settings{"net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"};
  const auto values = [&] { return run({.argv = {"sysctl", settings[0], settings[1]}}).out; };
  run({.argv = {"sysctl", "-w", settings[0] + "=0", settings[1] + "=0"}});
  const auto unforwarded = values();
  ASSERT_EQ(vethctl({"connect", "host", "net0"}).exit, 0);
  const auto shown = vethctl({"show", "vethctl/net0/eth0"}).out;
  std::filesystem::remove_all("/run/veth-cni");
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
  EXPECT_EQ(values(), unforwarded);
  EXPECT_NE(shown.find("no differences"), std::string::npos) << shown;
  EXPECT_NE(vethctl({"show", "vethctl/net0/eth0"}).out.find("no differences"), std::string::npos);
  EXPECT_EQ(vethctl({"repair"}).out, "there is nothing to mend\n");
  EXPECT_TRUE(ping(net0, "192.168.10.2"));
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 0);
  EXPECT_FALSE(has_interface(net0, "eth0"));
}

TEST_F(VethctlConnect, JoinsNamespacesToABridge) {
  const auto first = vethctl({"connect", "net0", "bridge:br0", "--address", "10.7.0.1/24"});
  const auto second = vethctl({"connect", "net1", "bridge:br0", "--address", "10.7.0.2/24"});
  EXPECT_NE(first.out.find("port of bridge br0, which was made now and will stay\n"), std::string::npos) << first.err;
  EXPECT_NE(second.out.find("port of bridge br0\n"), std::string::npos) << second.err;
  EXPECT_TRUE(ping(net0, "10.7.0.2"));
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit + vethctl({"disconnect", "net1"}).exit, 0);
}

TEST_F(VethctlConnect, ChoosesAddressesOfBothFamiliesAndTellsThem) {
  change_ip(net1, {"address", "add", "192.168.10.77/24", "dev", "lo"});
  const auto first = vethctl({"connect", "net0", "net1"});
  EXPECT_EQ(first.out,
            "connected: attachment vethctl/net0/eth0\n"
            "  net0, interface eth0: 192.168.11.1/24, fd00:192:168:11::1/64\n"
            "  net1, interface eth0: 192.168.11.2/24, fd00:192:168:11::2/64\n"
            "take it back with: vethctl disconnect net0 --ifname eth0\n")
      << first.err;
  EXPECT_TRUE(ping(net0, "192.168.11.2") && ping(net1, "fd00:192:168:11::1"));
  const auto second = vethctl({"connect", "net0", "host", "--ifname", "eth1"});
  EXPECT_NE(second.out.find("  net0, interface eth1: 192.168.10.1/24"), std::string::npos) << second.out << second.err;
  EXPECT_TRUE(ping(net0, "192.168.10.2"));
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit + vethctl({"disconnect", "net0", "--ifname", "eth1"}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlConnect, ChoosesWhatIsGivenForOneEndAlone) {
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

/// Its interfaces say whose they are.
TEST_F(VethctlConnect, IsTakenBackWithoutItsRecord) {
  for (const auto* end : {"host", "net1", "bridge:br0"}) {
    ASSERT_EQ(vethctl({"connect", "net0", end}).exit, 0) << end;
    std::filesystem::remove_all("/run/veth-cni");
    const auto gone = vethctl({"disconnect", "net0", "--output", "json"});
    EXPECT_EQ(gone.exit, 0) << end << ": " << gone.err;
    EXPECT_EQ(json::parse(gone.out).at("container"), "net0");
    EXPECT_FALSE(has_interface(net0, "eth0") || has_interface(net1, "eth0"));
  }
}

TEST_F(VethctlConnect, NamesTheCableOfWhichTheSecondEndWasNamed) {
  ASSERT_EQ(vethctl({"connect", "net0", "net1"}).exit, 0);
  const auto refused = vethctl({"disconnect", "net1"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_NE(refused.err.find("vethctl disconnect net0 --ifname eth0"), std::string::npos) << refused.err;
  std::filesystem::remove_all("/run/veth-cni");
  EXPECT_EQ(vethctl({"disconnect", "net1"}).err, refused.err) << "the alias tells it, too";
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 0);
  EXPECT_FALSE(has_interface(net0, "eth0") || has_interface(net1, "eth0"));
}

TEST_F(VethctlConnect, TellsWhatIsWrong) {
  EXPECT_EQ(vethctl({"connect", "host", "host"}).exit, 2);
  EXPECT_EQ(vethctl({"connect", "net0", "net1", "--address", "10.7.0.1"}).exit, 2);
  EXPECT_EQ(vethctl({"connect", "bridge:br0", "net0", "--address", "10.7.0.1/24"}).exit, 2);
  const auto gone = vethctl({"connect", "net0", "net9", "--address", "10.7.0.1/24"});
  EXPECT_EQ(gone.exit, 1);
  EXPECT_NE(gone.err.find("/run/netns/net9"), std::string::npos) << gone.err;
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 1);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlConnect, RefusesWhatNobodyCanHaveMeant) {
  struct Case {
    Texts words;
    std::string refusal;
  };
  for (const auto& [words, refusal] :
       {Case{{"net0", "net1", "--address", "10.7.0.0/24"}, "is the address of the network itself"},
        Case{{"net0", "net1", "--address", "10.7.0.255/24"}, "is the broadcast address of its network"},
        Case{{"net0", "net1", "--address", "10.7.0.1/24", "--address", "10.7.0.1/24"}, "10.7.0.1 is given twice"},
        Case{{"net0", "net1", "--address", "10.7.0.1/24", "--peer-address", "10.7.0.1/24"}, "10.7.0.1 is given twice"},
        Case{{"net0", "net1", "--address", "fd00::1/64", "--mtu", "1000"}, "--mtu 1000: IPv6 needs at least 1280"},
        Case{{"net0", "bridge:br0", "--peer-ifname", "x"}, "--peer-ifname is of no use: that end is a bridge"},
        Case{{"net0", "/proc/self/ns/net"}, "name it \"host\""}}) {
    auto all = words;
    all.insert(all.begin(), "connect");
    const auto refused = vethctl(all);
    EXPECT_EQ(refused.exit, 2) << refusal;
    EXPECT_NE(refused.err.find(refusal), std::string::npos) << refused.err;
  }
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlConnect, SpeaksOfTheCableThatStandsAlready) {
  ASSERT_EQ(vethctl({"connect", "net0", "net1"}).exit, 0);
  const auto refused = vethctl({"connect", "net0", "net1"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_EQ(refused.err.find("CNI"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("vethctl disconnect net0 --ifname eth0"), std::string::npos) << refused.err;
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 0);
}

}  // namespace
