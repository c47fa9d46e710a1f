#include "plugin/vethctl/inspect/read_node.hpp"
#include "test/vethctl/recorded_node.hpp"

#include <cerrno>
#include <fstream>

namespace {

using inspect::State;
using test::wanted;

class ReadNode : public test::RecordedNode {
 protected:
  inspect::Node read() { return inspect::read_node(inspector, folders); }
  inspect::Attachment only() {
    const auto attachments = inspect::read_attachments(inspector, folders);
    EXPECT_EQ(attachments.size(), 1U);
    return attachments.at(0);
  }
};

TEST_F(ReadNode, FindsNothingWithoutAStateFolder) {
  folders.clear();
  EXPECT_TRUE(read().attachments.empty());
}

TEST_F(ReadNode, CombinesRecordAndLinkOfAnAttachment) {
  attach(wanted("c1"));
  const inspect::Attachment expected{.identity = {"net", "c1", "eth0"},
                                     .tag = cni::tag_of({"net", "c1", "eth0"}),
                                     .state = State::live,
                                     .mode = "ptp",
                                     .netns = "/run/netns/c1",
                                     .host_interface = wanted("c1").host.name,
                                     .host_index = 10,
                                     .addresses = {test::prefix("10.1.2.2/24")}};
  auto found = only();
  ASSERT_TRUE(found.age.has_value());
  EXPECT_LT(*found.age, std::chrono::seconds{60});
  found.age.reset();
  EXPECT_TRUE(found == expected);
}

TEST_F(ReadNode, SortsByNetworkContainerAndInterface) {
  for (const auto* container : {"c2", "c10", "c1"}) attach(wanted(container));
  auto other = wanted("c9");
  other.attachment.network = "a-net";
  attach(other);
  std::vector<std::string> containers;
  for (const auto& attachment : read().attachments) containers.push_back(attachment.identity.container);
  EXPECT_EQ(containers, (std::vector<std::string>{"c9", "c1", "c10", "c2"}));
}

TEST_F(ReadNode, ReadsABridgeWithItsAddresses) {
  auto wiring = wanted("c1");
  wiring.bridge = wiring::Bridge{.name = "cni0"};
  attach(wiring);
  inspector.interfaces["cni0"] = {
      .mac = wiring.host.mac, .is_up = true, .addresses = {test::prefix("10.88.0.1/16"), test::prefix("fe80::1/64")}};
  const auto node = read();
  EXPECT_EQ(node.attachments.at(0).bridge, "cni0");
  EXPECT_EQ(node.attachments.at(0).mode, "bridge");
  ASSERT_EQ(node.bridges.size(), 1U);
  EXPECT_EQ(node.bridges[0].addresses, (std::vector<cni::Prefix>{test::prefix("10.88.0.1/16")}));
}

TEST_F(ReadNode, LeavesOutAMissingBridge) {
  auto wiring = wanted("c1");
  wiring.bridge = wiring::Bridge{.name = "cni0"};
  attach(wiring);
  EXPECT_TRUE(read().bridges.empty());
}

TEST_F(ReadNode, ReadsTheGatewaysOnLo) {
  attach(wanted("c1"));
  EXPECT_TRUE(read().gateways.empty());
  inspector.interfaces["lo"].addresses = {test::prefix("::1/128"), test::prefix("fd00::1/128")};
  EXPECT_EQ(read().gateways, (std::vector<cni::IpAddress>{test::ip("fd00::1")}));
}

TEST_F(ReadNode, ReadsBothEndsOfAPairBetweenNamespaces) {
  auto wiring = wanted("red");
  wiring.peer_netns = "/run/netns/blue";
  wiring.host.name = "eth1";
  attach(wiring);
  const auto found = only();
  EXPECT_EQ(found.state, State::live);
  EXPECT_EQ(found.mode, "netns");
  EXPECT_EQ(found.host_interface, "");
  EXPECT_EQ(found.peer_netns, "/run/netns/blue");
  EXPECT_EQ(found.peer_interface, "eth1");
  EXPECT_EQ(found.peer_addresses, (std::vector<cni::Prefix>{test::prefix("10.1.2.1/32")}));
  kernel.pairs.clear();
  EXPECT_EQ(only().state, State::broken);
}

TEST_F(ReadNode, ReadsTheAddressesOfALeaseForAnotherPlugin) {
  folder().records.write_pending({.attachment = {"net", "c1", "eth0"}, .addresses = {test::ip("10.1.2.9")}});
  folder().records.mark_live({"net", "c1", "eth0"});
  const auto found = only();
  EXPECT_EQ(found.state, State::live);
  EXPECT_EQ(found.mode, "lease");
  EXPECT_EQ(found.addresses, (std::vector<cni::Prefix>{test::prefix("10.1.2.9/32")}));
}

/// The interface was created by another plugin and has no alias.
TEST_F(ReadNode, DetectsAMissingInterfaceOfAnImportedAttachment) {
  auto foreign = wanted("c1");
  foreign.host.name = "veth1234";
  const auto link = kernel.put(foreign);
  kernel.pairs.front().link.alias.clear();
  folder().records.write_pending({.attachment = foreign.attachment,
                                  .addresses = {test::ip("10.1.2.9")},
                                  .host_interface = state::HostInterface{.name = link.name, .index = link.index}});
  folder().records.mark_live(foreign.attachment);
  EXPECT_EQ(only().state, State::live);
  EXPECT_EQ(only().host_interface, "veth1234");
  kernel.pairs.clear();
  EXPECT_EQ(only().state, State::broken);
}

using States = ReadNode;

TEST_F(States, IsInFlightWhileItsLockIsHeld) {
  attach(wanted("c1"));
  const auto another = state::Folder::open(root, root);
  const auto lock = another.locks.attachment(wanted("c1").attachment);
  EXPECT_EQ(only().state, State::in_flight);
}

TEST_F(States, IsIncompleteIfItsRecordIsPending) {
  record(wanted("c1"), state::Stage::pending);
  EXPECT_EQ(only().state, State::incomplete);
}

TEST_F(States, IsBrokenWithoutItsLink) {
  record(wanted("c1"));
  EXPECT_EQ(only().state, State::broken);
  EXPECT_EQ(only().host_index, 0U);
}

TEST_F(States, IsUnrecordedWithoutARecord) {
  kernel.put(wanted("c1"));
  const auto found = only();
  EXPECT_EQ(found.state, State::unrecorded);
  EXPECT_EQ(found.identity, (cni::Attachment{"net", "c1", "eth0"}));
  EXPECT_EQ(found.host_interface, wanted("c1").host.name);
  EXPECT_FALSE(found.age.has_value());
}

/// The identity comes from the alias of the link.
TEST_F(States, IsUnreadableIfTheRecordCannotBeRead) {
  attach(wanted("c1"));
  const auto tag = cni::to_string(cni::tag_of(wanted("c1").attachment));
  std::ofstream{folder().path() + "/net/live/" + tag} << "no record";
  EXPECT_EQ(only().state, State::unreadable);
  EXPECT_EQ(only().identity, (cni::Attachment{"net", "c1", "eth0"}));
  kernel.pairs.clear();
  EXPECT_EQ(only().identity, (cni::Attachment{"net", "#" + tag, ""}));
}

}  // namespace
