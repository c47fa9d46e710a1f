#include "plugin/vethctl/inspect/examination.hpp"
#include "test/vethctl/recorded_node.hpp"

#include <sys/stat.h>

#include <fstream>

namespace {

using test::ip;
using test::wanted;
using Texts = std::vector<std::string>;

class Examination : public test::RecordedNode {
 protected:
  inspect::Examination examine(const std::string& network = {}) {
    attachment::OvsReader ovs;
    return inspect::examine(inspector, inspect::find_folders(root), network, ovs);
  }

  /// Writes a live record with this address.
  void lease(const std::string& container, const std::string& address) {
    folder().records.write_pending({.attachment = {"net", container, "eth0"}, .addresses = {ip(address)}});
    folder().records.mark_live({"net", container, "eth0"});
  }
  cni::Tag tag(const std::string& container) { return cni::tag_of({"net", container, "eth0"}); }
};

TEST_F(Examination, ComparesEachLiveAttachment) {
  attach(wanted("c1"));
  record(wanted("c2"));
  kernel.modify_observed = [](wiring::Observed& observed) { observed.container->is_up = false; };
  const auto found = examine();
  ASSERT_EQ(found.attachments.size(), 2U);
  EXPECT_EQ(found.attachments[0].differences,
            (std::vector<wiring::Difference>{{wiring::Kind::down, wiring::Side::container, "eth0"}}));
  EXPECT_EQ(found.attachments[1].attachment.state, inspect::State::broken);
  EXPECT_TRUE(found.attachments[1].differences.empty());
}

TEST_F(Examination, ReadsOnlyTheGivenNetwork) {
  attach(wanted("c1"));
  folder().addresses.take("net", ip("10.1.2.9"), tag("c9"));
  EXPECT_TRUE(examine("other").attachments.empty());
  EXPECT_TRUE(examine("other").unrecorded_leases.empty());
  EXPECT_EQ(examine("net").attachments.size(), 1U);
  EXPECT_EQ(examine("net").unrecorded_leases.size(), 1U);
}

TEST_F(Examination, FindsRulesWithoutAnAttachment) {
  attach(wanted("c1"));
  kernel.rules = {wanted("c1"), wanted("c9")};
  EXPECT_EQ(examine().orphaned_rules, std::vector{tag("c9")});
  EXPECT_TRUE(examine("net").orphaned_rules.empty()) << "their network is unknown";
}

TEST_F(Examination, FindsRecordsThatCannotBeRead) {
  attach(wanted("c1"));
  std::ofstream{folder().path() + "/net/live/" + cni::to_string(tag("c1"))} << "no record";
  EXPECT_EQ(examine().unreadable, (std::vector<inspect::UnreadableRecord>{{"net", tag("c1")}}));
}

TEST_F(Examination, FindsAddressesThatNoRecordContains) {
  lease("c1", "10.1.2.2");
  folder().addresses.take("net", ip("10.1.2.2"), tag("c1"));
  EXPECT_TRUE(examine().unrecorded_leases.empty());
  folder().addresses.take("net", ip("10.1.2.8"), tag("c1"));
  folder().addresses.take("net", ip("10.1.2.9"), tag("c9"));
  EXPECT_EQ(examine().unrecorded_leases,
            (std::vector<inspect::UnrecordedLease>{{"net", ip("10.1.2.8")}, {"net", ip("10.1.2.9")}}));
  const auto another = state::Folder::open(root, root);
  const auto lock = another.locks.attachment({"net", "c9", "eth0"});
  EXPECT_EQ(examine().unrecorded_leases.size(), 1U) << "c9 is locked";
}

TEST_F(Examination, FindsMissingAndConflictingLeases) {
  lease("c1", "10.1.2.2");
  lease("c2", "10.1.2.3");
  folder().addresses.take("net", ip("10.1.2.3"), tag("c1"));
  const auto mismatches = examine().address_mismatches;
  ASSERT_EQ(mismatches.size(), 2U);
  for (const auto& each : mismatches) {
    const bool is_first = each.attachment.container == "c1";
    EXPECT_EQ(each.unleased.size(), is_first ? 1U : 0U);
    EXPECT_EQ(each.conflict, is_first ? "" : "10.1.2.3 is held by container \"c1\", interface \"eth0\"");
  }
}

TEST_F(Examination, FindsAStateFolderThatOthersCanWrite) {
  ::chmod(root.c_str(), 0777);
  const auto unusable = examine().unusable;
  ASSERT_EQ(unusable.size(), 1U);
  EXPECT_NE(unusable[0].message.find("can be written by others"), std::string::npos) << unusable[0].message;
}

TEST_F(Examination, FindsPacketsThatTheReversePathFilterDrops) {
  attach(wanted("c1"));
  EXPECT_TRUE(examine().dropped_packets.empty());
  inspector.rejected_sources = {"10.1.2.2"};
  EXPECT_EQ(examine().dropped_packets,
            (std::vector<inspect::DroppedPacket>{{ip("10.1.2.2"), wanted("c1").host.name, {"net", "c1", "eth0"}}}));
}

TEST_F(Examination, FindsDroppedPacketsOfOtherNetworksOfAContainer) {
  auto lan = wanted("c1");
  lan.attachment.network = "lan";
  lan.bridge = wiring::Bridge{.name = "cni0", .gateways = {test::prefix("10.9.0.1/24")}};
  lan.container.addresses = {{test::prefix("10.9.0.2/24")}};
  attach(wanted("c1"));
  attach(lan);
  inspector.rejected_sources = {"10.9.0.2"};
  const auto dropped_packets = examine().dropped_packets;
  ASSERT_EQ(dropped_packets.size(), 2U);
  EXPECT_EQ(dropped_packets[0], (inspect::DroppedPacket{ip("10.9.0.2"), "cni0", lan.attachment}));
  EXPECT_EQ(dropped_packets[1],
            (inspect::DroppedPacket{ip("10.9.0.2"), wanted("c1").host.name, wanted("c1").attachment, true}));
}

TEST_F(Examination, FindsAddressesThatLiveElsewhereInPlaceOfDroppedPackets) {
  attach(wanted("c1"));
  EXPECT_TRUE(examine().unreachable.empty());
  inspector.unreachable = {{ip("10.1.2.2"), true}};
  inspector.rejected_sources = {"10.1.2.2"};
  EXPECT_EQ(examine().unreachable,
            (std::vector<inspect::UnreachableAddress>{{ip("10.1.2.2"), true, wanted("c1").attachment}}));
  EXPECT_TRUE(examine().dropped_packets.empty());
}

TEST_F(Examination, FindsAnAddressOfTwoNetworksOnABridge) {
  auto lan = wanted("c1");
  lan.attachment.network = "lan";
  lan.bridge = wiring::Bridge{.name = "cni0"};
  auto other = lan;
  other.attachment.network = "other";
  attach(lan);
  attach(other);
  EXPECT_EQ(examine().shared_addresses,
            (std::vector<inspect::SharedAddress>{{ip("10.1.2.2"), "cni0", {lan.attachment, other.attachment}}}));
}

TEST_F(Examination, ReadsTheFirewall) {
  inspector.firewall.chains = {{"ip", "filter", "FORWARD"}};
  EXPECT_TRUE(examine().firewall == inspector.firewall);
}

}  // namespace
