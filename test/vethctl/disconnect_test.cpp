#include "plugin/vethctl/disconnect.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/connection.hpp"
#include "test/vethctl/console.hpp"
#include "test/vethctl/recorded_node.hpp"

#include <fstream>

namespace {

using Words = std::vector<std::string>;

constexpr auto host_netns = "/proc/self/ns/net";

/// A connection from eth0 in net0 to eth0 in net1.
wiring::Wiring connection(const std::string& container = "net0", const std::string& peer_netns = "/run/netns/net1",
                          const std::string& peer_interface = "eth0") {
  auto wiring = test::wanted(container);
  wiring.attachment = {"vethctl", container, "eth0"};
  wiring.host.name = peer_interface;
  wiring.peer_netns = peer_netns;
  return wiring;
}

wiring::Wiring bridge_connection(const std::string& container, const std::string& bridge) {
  auto wiring = connection(container, "", "veth-" + container);
  wiring.bridge = wiring::Bridge{.name = bridge};
  return wiring;
}

class Disconnect : public test::RecordedNode {
 protected:
  std::string disconnect(const Words& words) {
    test::Screen screen;
    const auto arguments = vethctl::parse(vethctl::disconnect_command(), words);
    EXPECT_EQ(vethctl::disconnect(arguments, screen.console(root), inspector), vethctl::success);
    return screen.printed;
  }
  std::string error_of(const Words& words) {
    try {
      return disconnect(words);
    } catch (const cni::Error& error) {
      return error.what();
    } catch (const vethctl::UsageError& error) {
      return "usage: " + error.message + "; " + error.details;
    }
  }
  void expect_disconnected(const Words& words, const std::string& container = "net0") {
    const auto pairs = kernel.pairs.size();
    EXPECT_EQ(error_of(words), "disconnected " + container + "/eth0\n") << words.front();
    EXPECT_EQ(kernel.pairs.size(), pairs - 1) << words.front();
    EXPECT_FALSE(folder().records.find({"vethctl", container, "eth0"}).has_value()) << words.front();
  }
};

TEST_F(Disconnect, AcceptsEitherEndOrBoth) {
  for (const auto& words : std::vector<Words>{{"net0"}, {"net1"}, {"net0", "net1"}, {"net1", "net0"}}) {
    attach(connection());
    expect_disconnected(words);
  }
}

TEST_F(Disconnect, AcceptsTheOptionsOfConnect) {
  attach(connection("net0", "/run/netns/net1", "eth7"));
  expect_disconnected({"net0", "net1", "--ifname", "eth0", "--peer-ifname", "eth7", "--address", "10.7.0.1/24",
                       "--peer-address", "10.7.0.2/24", "--mtu", "1400"});
  attach(connection("net0", "/run/netns/net1", "eth7"));
  expect_disconnected({"net1", "net0", "--ifname", "eth7"});
  attach(connection("net0", "/run/netns/net1", "eth7"));
  expect_disconnected({"net1", "--ifname", "eth7"});
}

TEST_F(Disconnect, AcceptsTheHostAndBridges) {
  for (const auto& words : std::vector<Words>{{"net0", "host"}, {"host", "net0"}, {"host"}, {"net0"}}) {
    attach(connection("net0", host_netns, "veth0"));
    expect_disconnected(words);
  }
  for (const auto& words : std::vector<Words>{{"net0", "bridge:br0"}, {"bridge:br0", "net0"}, {"bridge:br0"}}) {
    attach(bridge_connection("net0", "br0"));
    expect_disconnected(words);
  }
}

TEST_F(Disconnect, RejectsEndsWithSeveralConnections) {
  attach(connection("net0", host_netns, "veth0"));
  attach(connection("net1", host_netns, "veth1"));
  EXPECT_EQ(
      error_of({"host"}),
      "usage: cannot disconnect host: there are 2 connections; select one: vethctl disconnect net0 host --ifname eth0 "
      "--peer-ifname veth0, or vethctl disconnect net1 host --ifname eth0 --peer-ifname veth1");
  EXPECT_EQ(kernel.pairs.size(), 2U);
  expect_disconnected({"host", "--ifname", "veth1"}, "net1");
}

TEST_F(Disconnect, RejectsEndsThatAreNotConnected) {
  EXPECT_EQ(error_of({"net0"}),
            "cannot disconnect net0/eth0: there is no such connection; the node has no connections");
  attach(connection("net0", host_netns, "veth0"));
  EXPECT_EQ(
      error_of({"net5"}),
      "cannot disconnect net5/eth0: there is no such connection; run \"vethctl list vethctl\" to list the connections");
  const std::string command = "vethctl disconnect net0 host --ifname eth0 --peer-ifname veth0";
  EXPECT_EQ(error_of({"net0", "--ifname", "eth9"}),
            "cannot disconnect net0/eth9: there is no such connection; " + command);
  EXPECT_EQ(error_of({"net0", "net5"}),
            "cannot disconnect net0/eth0 and net5/eth0: there is no such connection; " + command);
  EXPECT_EQ(error_of({"net0", "bridge:br0"}),
            "cannot disconnect net0/eth0 and bridge:br0: there is no such connection; " + command);
  EXPECT_EQ(kernel.pairs.size(), 1U);
}

TEST_F(Disconnect, IgnoresAttachmentsOfOtherNetworks) {
  attach(test::wanted("net0"));
  EXPECT_EQ(
      error_of({"net0"}),
      "cannot disconnect net/net0/eth0: vethctl connect did not create it; delete the container with its runtime; "
      "if the runtime does not know it any more, run vethctl gc net");
  EXPECT_EQ(kernel.pairs.size(), 1U);
}

/// The wanted wiring has 10.1.2.2/24 at the container end and 10.1.2.1/32 at the other one.
TEST_F(Disconnect, AcceptsOtherNames) {
  for (const auto& words : std::vector<Words>{{"10.1.2.2"},
                                              {"10.1.2.1"},
                                              {"::ffff:10.1.2.2"},
                                              {"net0/eth0"},
                                              {"vethctl/net0/eth0"},
                                              {"net0:eth0"},
                                              {"net1:eth7"},
                                              {"net0:eth0", "net1:eth7"},
                                              {"net1:eth7", "net0:eth0"},
                                              {"/run/netns/net0"},
                                              {"vethctl"},
                                              {"ne"}}) {
    attach(connection("net0", "/run/netns/net1", "eth7"));
    expect_disconnected(words);
  }
}

TEST_F(Disconnect, ListsTheConnectionsThatAWordNames) {
  attach(connection("net0", "/run/netns/net8", "eth7"));
  attach(connection("net1", "/run/netns/net9", "eth7"));
  EXPECT_EQ(error_of({"ne"}),
            "usage: cannot disconnect ne: there are 2 connections; select one: vethctl disconnect net0 net8 --ifname "
            "eth0 --peer-ifname eth7, or vethctl disconnect net1 net9 --ifname eth0 --peer-ifname eth7");
  EXPECT_EQ(kernel.pairs.size(), 2U);
  EXPECT_TRUE(error_of({"fd00::99"}).starts_with("usage: ")) << error_of({"fd00::99"});
}

TEST_F(Disconnect, FindsAPairWithoutARecordByItsAliases) {
  for (const auto& words : std::vector<Words>{{"net1"}, {"net0", "net1"}, {"net1", "net0"}}) {
    kernel.put(connection());
    expect_disconnected(words);
  }
  kernel.put(connection());
  EXPECT_TRUE(
      error_of({"net1", "net2"}).starts_with("cannot disconnect net1/eth0 and net2/eth0: there is no such connection"));
  EXPECT_EQ(kernel.pairs.size(), 1U);
}

TEST_F(Disconnect, RemovesAnAttachmentWithAnUnreadableRecord) {
  attach(connection());
  const auto tag = cni::to_string(cni::tag_of(connection().attachment));
  std::ofstream{folder().path() + "/vethctl/live/" + tag} << "no record";
  EXPECT_EQ(error_of({"net0"}), "disconnected net0/eth0\n");
}

TEST_F(Disconnect, RejectsAPeerInterfaceWithoutASecondEnd) {
  EXPECT_THROW(disconnect({"net0", "--peer-ifname", "eth0"}), vethctl::UsageError);
}

TEST_F(Disconnect, PrintsJson) {
  attach(connection());
  EXPECT_EQ(disconnect({"net1", "--output", "json"}),
            "{\n  \"network\": \"vethctl\",\n  \"container\": \"net0\",\n  \"interface\": \"eth0\"\n}\n");
}

}  // namespace
