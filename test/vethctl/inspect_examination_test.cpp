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
    return inspect::examine(inspector, inspect::find_folders(root), network);
  }

  /// Live, with this address.
  void lease(const std::string& container, const std::string& address) {
    folder().records.write_pending({.attachment = {"net", container, "eth0"}, .addresses = {ip(address)}});
    folder().records.mark_live({"net", container, "eth0"});
  }
  cni::Tag tag(const std::string& container) { return cni::tag_of({"net", container, "eth0"}); }
};

TEST_F(Examination, LooksAtEveryLiveAttachmentClosely) {
  attach(wanted("c1"));
  record(wanted("c2"));
  kernel.disturb = [](wiring::Observed& observed) { observed.container->is_up = false; };
  const auto found = examine();
  ASSERT_EQ(found.attachments.size(), 2U);
  EXPECT_EQ(found.attachments[0].differences,
            (std::vector<wiring::Difference>{{wiring::Kind::down, wiring::Side::container, "eth0"}}));
  EXPECT_EQ(found.attachments[1].attachment.state, inspect::State::broken);
  EXPECT_TRUE(found.attachments[1].differences.empty());
}

TEST_F(Examination, LooksAtOneNetworkWhereOneIsNamed) {
  attach(wanted("c1"));
  folder().addresses.take("net", ip("10.1.2.9"), tag("c9"));
  EXPECT_TRUE(examine("other").attachments.empty());
  EXPECT_TRUE(examine("other").strays.empty());
  EXPECT_EQ(examine("net").attachments.size(), 1U);
  EXPECT_EQ(examine("net").strays.size(), 1U);
}

TEST_F(Examination, FindsRulesWithoutAnAttachment) {
  attach(wanted("c1"));
  kernel.rules = {wanted("c1"), wanted("c9")};
  EXPECT_EQ(examine().orphaned_rules, std::vector{tag("c9")});
  EXPECT_TRUE(examine("net").orphaned_rules.empty()) << "nothing says which network they are of";
}

TEST_F(Examination, FindsRecordsThatCannotBeRead) {
  attach(wanted("c1"));
  std::ofstream{folder().path() + "/net/live/" + cni::to_string(tag("c1"))} << "no record";
  EXPECT_EQ(examine().unreadable, (std::vector<inspect::UnreadableRecord>{{"net", tag("c1")}}));
}

TEST_F(Examination, FindsAddressesThatNoRecordNames) {
  lease("c1", "10.1.2.2");
  folder().addresses.take("net", ip("10.1.2.2"), tag("c1"));
  EXPECT_TRUE(examine().strays.empty());
  folder().addresses.take("net", ip("10.1.2.8"), tag("c1"));
  folder().addresses.take("net", ip("10.1.2.9"), tag("c9"));
  EXPECT_EQ(examine().strays, (std::vector<inspect::StrayAddress>{{"net", ip("10.1.2.8")}, {"net", ip("10.1.2.9")}}));
  const auto another = state::Folder::open(root, root);
  const auto lock = another.locks.attachment({"net", "c9", "eth0"});
  EXPECT_EQ(examine().strays.size(), 1U) << "a call is at work on c9";
}

TEST_F(Examination, FindsLeasesThatAreLost) {
  lease("c1", "10.1.2.2");
  lease("c2", "10.1.2.3");
  folder().addresses.take("net", ip("10.1.2.3"), tag("c1"));
  const auto lost = examine().lost;
  ASSERT_EQ(lost.size(), 2U);
  for (const auto& each : lost) {
    const bool is_first = each.attachment.container == "c1";
    EXPECT_EQ(each.unheld.size(), is_first ? 1U : 0U);
    EXPECT_EQ(each.conflict, is_first ? "" : "10.1.2.3 is held by container \"c1\", interface \"eth0\"");
  }
}

TEST_F(Examination, FindsAFolderThatIsNotRootsAlone) {
  ::chmod(root.c_str(), 0777);
  const auto unusable = examine().unusable;
  ASSERT_EQ(unusable.size(), 1U);
  EXPECT_NE(unusable[0].message.find("can be written by others"), std::string::npos) << unusable[0].message;
}

TEST_F(Examination, FindsWhatTheReversePathFilterDrops) {
  attach(wanted("c1"));
  EXPECT_TRUE(examine().filtered.empty());
  inspector.unfit = {"10.1.2.2"};
  EXPECT_EQ(examine().filtered,
            (std::vector<inspect::FilteredPacket>{{ip("10.1.2.2"), wanted("c1").host.name, {"net", "c1", "eth0"}}}));
}

TEST_F(Examination, FindsWhatIsDroppedOfTheOtherNetworksOfAContainer) {
  auto lan = wanted("c1");
  lan.attachment.network = "lan";
  lan.bridge = wiring::Bridge{.name = "cni0", .gateways = {test::prefix("10.9.0.1/24")}};
  lan.container.addresses = {{test::prefix("10.9.0.2/24")}};
  attach(wanted("c1"));
  attach(lan);
  inspector.unfit = {"10.9.0.2"};
  const auto filtered = examine().filtered;
  ASSERT_EQ(filtered.size(), 2U);
  EXPECT_EQ(filtered[0], (inspect::FilteredPacket{ip("10.9.0.2"), "cni0", lan.attachment}));
  EXPECT_EQ(filtered[1],
            (inspect::FilteredPacket{ip("10.9.0.2"), wanted("c1").host.name, wanted("c1").attachment, true}));
}

TEST_F(Examination, TellsTheFirewall) {
  inspector.firewall.chains = {{"ip", "filter", "FORWARD"}};
  EXPECT_TRUE(examine().firewall == inspector.firewall);
}

}  // namespace
