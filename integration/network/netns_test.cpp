// Mode netns: two namespaces are connected directly, and nothing is made on the host.
#include "integration/support/call.hpp"
#include "integration/support/frame_capture.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

using Texts = std::vector<std::string>;

json netns_network(const Namespace& peer) {
  return {{"cniVersion", "1.1.0"},
          {"name", "pair"},
          {"type", "veth"},
          {"mode", "netns"},
          {"peer", {{"netns", peer.path()}, {"ifname", "eth1"}, {"addresses", {"192.168.10.2/24", "fd00:10::2/64"}}}},
          {"ipam",
           {{"type", "veth-ipam"}, {"addresses", {{{"address", "192.168.10.1/24"}}, {{"address", "fd00:10::1/64"}}}}}}};
}

class NetnsToNetns : public testing::Test {
 protected:
  Namespace host = Namespace::host();
  Snapshot before = Snapshot::take();
  Container net0{"net0"};
  Container net1{"net1", Namespace{"net1"}, "eth1"};
  json config = netns_network(net1.netns);
};

TEST_F(NetnsToNetns, ReturnsContainerAndPeer) {
  const auto added = add(net0, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto& interfaces = added.result.at("interfaces");
  ASSERT_EQ(interfaces.size(), 2U) << added;
  EXPECT_EQ(interfaces.at(0).at("name"), "eth0");
  EXPECT_EQ(interfaces.at(0).at("sandbox"), net0.netns.path());
  EXPECT_EQ(interfaces.at(1).at("name"), "eth1");
  EXPECT_EQ(interfaces.at(1).at("sandbox"), net1.netns.path());
  EXPECT_EQ(added.result.at("ips").at(0), (json{{"interface", 0}, {"address", "192.168.10.1/24"}}));
  EXPECT_EQ(added.result.at("ips").at(2), (json{{"interface", 1}, {"address", "192.168.10.2/24"}}));
}

TEST_F(NetnsToNetns, GivesEachEndItsAddressesItsConnectedRoutesAndALinkLocalAddress) {
  ASSERT_EQ(add(net0, config).exit, 0);
  EXPECT_EQ(addresses(net0.netns, "eth0"), (Texts{"192.168.10.1/24", "fd00:10::1/64"}));
  EXPECT_EQ(addresses(net1.netns, "eth1"), (Texts{"192.168.10.2/24", "fd00:10::2/64"}));
  EXPECT_EQ(routes(net0.netns, 4), (Texts{"192.168.10.0/24 dev eth0"}));
  EXPECT_EQ(routes(net1.netns, 4), (Texts{"192.168.10.0/24 dev eth1"}));
  for (const auto* end : {&net0, &net1}) {
    const auto text = ip(end->netns, {"-6", "address", "show", "dev", end->interface}).dump();
    EXPECT_NE(text.find("fe80::"), std::string::npos) << text;
  }
}

TEST_F(NetnsToNetns, LeavesTheHostAsItWas) {
  const auto links = ip(host, {"link", "show"}).size();
  ASSERT_EQ(add(net0, config).exit, 0);
  EXPECT_EQ(ip(host, {"link", "show"}).size(), links);
  EXPECT_EQ(routes(host, 4), Texts{});
}

TEST_F(NetnsToNetns, AnswersPingsInBothDirections) {
  ASSERT_EQ(add(net0, config).exit, 0);
  for (const char* address : {"192.168.10.2", "fd00:10::2"}) EXPECT_TRUE(ping(net0.netns, address)) << address;
  for (const char* address : {"192.168.10.1", "fd00:10::1"}) EXPECT_TRUE(ping(net1.netns, address)) << address;
}

TEST_F(NetnsToNetns, CarriesPacketsUnaltered) {
  ASSERT_EQ(add(net0, config).exit, 0);
  const FrameCapture one{net0};
  const FrameCapture other{net1};
  ASSERT_TRUE(ping(net0.netns, "192.168.10.2") && ping(net1.netns, "fd00:10::1"));
  const auto left = echoes(one.frames());
  const auto right = echoes(other.frames());
  EXPECT_EQ(left.size(), 4U);
  EXPECT_TRUE(left == right) << left.size() << " and " << right.size() << " frames";
}

TEST_F(NetnsToNetns, IsRemovedByDelWithAnyNamespace) {
  for (const std::string& netns : {net0.netns.path(), std::string{}, std::string{"/run/netns/gone"}}) {
    ASSERT_EQ(add(net0, config).exit, 0);
    const auto deleted = call({.command = "DEL", .container = "net0", .netns = netns, .config = config});
    EXPECT_EQ(deleted.exit, 0) << deleted;
    EXPECT_FALSE(has_interface(net0.netns, "eth0") || has_interface(net1.netns, "eth1")) << "CNI_NETNS " << netns;
    EXPECT_TRUE(unchanged_since(before));
  }
}

TEST_F(NetnsToNetns, IsRemovedByItsRecordWhenTheConfigurationHasChanged) {
  ASSERT_EQ(add(net0, config).exit, 0);
  const json bare{{"cniVersion", "1.1.0"}, {"name", "pair"}, {"type", "veth"}};
  EXPECT_EQ(call({.command = "DEL", .container = "net0", .config = bare}).exit, 0);
  EXPECT_FALSE(has_interface(net1.netns, "eth1"));
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(NetnsToNetns, IsRemovedWithoutARecord) {
  ASSERT_EQ(add(net0, config).exit, 0);
  run({.argv = {"rm", "-r", state_root}});
  EXPECT_EQ(del(net0, config).exit, 0);
  EXPECT_FALSE(has_interface(net0.netns, "eth0") || has_interface(net1.netns, "eth1"));
}

TEST_F(NetnsToNetns, IsRemovedAfterItsPeerNamespaceWasDeleted) {
  ASSERT_EQ(add(net0, config).exit, 0);
  net1.netns.remove();
  EXPECT_EQ(del(net0, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
  EXPECT_EQ(del(net0, config).exit, 0) << "once more";
}

TEST_F(NetnsToNetns, DoesNotRemoveAForeignInterfaceOfTheSameName) {
  run_ip(net1.netns, {"link", "add", "eth1", "type", "veth", "peer", "name", "other"});
  const auto refused = add(net0, config);
  EXPECT_EQ(refused.exit, 1) << refused;
  EXPECT_TRUE(has_interface(net1.netns, "eth1")) << refused;
  EXPECT_EQ(del(net0, config).exit, 0);
  EXPECT_TRUE(has_interface(net1.netns, "eth1"));
}

TEST_F(NetnsToNetns, IsComparedByCheckAtBothEnds) {
  const std::vector<std::pair<const Container*, std::string>> lost_addresses{{&net0, "fd00:10::1/64"},
                                                                             {&net1, "192.168.10.2/24"}};
  for (const auto& [end, address] : lost_addresses) {
    const auto added = add(net0, config);
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_EQ(check(net0, config, added.result).exit, 0) << check(net0, config, added.result);
    run_ip(end->netns, {"address", "delete", address, "dev", end->interface});
    const auto checked = check(net0, config, added.result);
    EXPECT_EQ(code_of(checked), 104) << checked;
    EXPECT_NE(checked.out.find(address), std::string::npos) << checked;
    ASSERT_EQ(del(net0, config, added.result).exit, 0);
  }
}

TEST_F(NetnsToNetns, IsRefusedWhileItExists) {
  ASSERT_EQ(add(net0, config).exit, 0);
  EXPECT_EQ(code_of(add(net0, config)), 101);
  EXPECT_TRUE(ping(net0.netns, "192.168.10.2")) << "the first one was changed";
}

TEST_F(NetnsToNetns, IsRemovedByGcWhenNotValid) {
  ASSERT_EQ(add(net0, config).exit, 0);
  EXPECT_EQ(gc(config, {}).exit, 0);
  EXPECT_FALSE(has_interface(net0.netns, "eth0") || has_interface(net1.netns, "eth1"));
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(NetnsToNetns, IsRefusedWhereThePeerIsTheHostOrMissing) {
  config["peer"]["netns"] = host.path();
  EXPECT_EQ(code_of(add(net0, config)), 8);
  config["peer"]["netns"] = "/run/netns/gone";
  EXPECT_EQ(code_of(add(net0, config)), 8);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(NetnsToNetns, EnablesIpv6WhereItIsDisabled) {
  for (const auto* end : {&net0, &net1}) {
    run({.argv = {"sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"}, .inside = &end->netns});
  }
  const auto added = add(net0, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(ping(net0.netns, "fd00:10::2"));
}

}  // namespace
