#include "plugin/attachment/reclaim.hpp"

#include "plugin/cni/error.hpp"
#include "test/verbs/network.hpp"

#include <cerrno>

namespace {

using test::ip;
using Texts = std::vector<std::string>;

class Reclaim : public test::NetworkTest {
 protected:
  std::size_t reclaim() { return attachment::reclaim("net", kernel, folder).size(); }
  bool has_reclaimable() {
    const bool has_stale = attachment::has_stale("net", kernel, folder);
    EXPECT_EQ(has_stale, !attachment::find_stale("net", kernel, folder).empty());
    return has_stale;
  }
};

TEST_F(Reclaim, FindsNothingInAnEmptyNetwork) {
  EXPECT_FALSE(has_reclaimable());
  EXPECT_EQ(reclaim(), 0U);
}

TEST_F(Reclaim, KeepsAttachmentsThatExist) {
  add("c1");
  EXPECT_FALSE(has_reclaimable());
  EXPECT_EQ(reclaim(), 0U);
  EXPECT_TRUE(is_live("c1"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
}

TEST_F(Reclaim, ReclaimsAnAttachmentWithoutALink) {
  add("c1");
  add("c2");
  kernel.remove_links_of(attachment("c1"));
  EXPECT_TRUE(has_reclaimable());
  EXPECT_EQ(reclaim(), 1U);
  EXPECT_FALSE(has_record("c1"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.3", "fd00::3"}));
  EXPECT_FALSE(has_reclaimable());
}

TEST_F(Reclaim, NeedsNoListOfInterfaces) {
  kernel.has_ipv6 = false;
  add("c1");
  add("c2");
  EXPECT_FALSE(has_reclaimable());
  kernel.remove_links_of(attachment("c1"));
  EXPECT_TRUE(has_reclaimable());
  EXPECT_EQ(reclaim(), 1U);
  EXPECT_FALSE(has_record("c1"));
  EXPECT_TRUE(is_live("c2"));
}

TEST_F(Reclaim, FindsOneStaleAttachmentAmongMany) {
  constexpr int many = 450;  // more than one batch
  config.ipam.ranges = {{test::range("10.1.0.0/16")}};
  for (int number = 0; number < many; ++number) add("c" + std::to_string(number));
  EXPECT_FALSE(has_reclaimable());
  kernel.remove_links_of(attachment("c321"));
  for (const bool has_ipv6 : {true, false}) {
    kernel.has_ipv6 = has_ipv6;
    EXPECT_TRUE(has_reclaimable());
  }
  EXPECT_EQ(reclaim(), 1U);
  EXPECT_FALSE(has_record("c321"));
}

TEST_F(Reclaim, KeepsAnAttachmentWhoseInterfaceWasRenamed) {
  add("c1");
  kernel.pairs.at(0).link.name = "renamed";
  EXPECT_FALSE(has_reclaimable());
  EXPECT_EQ(reclaim(), 0U);
}

TEST_F(Reclaim, KeepsAnAttachmentWhoseNameAnotherInterfaceHas) {
  add("c1");
  const auto name = kernel.pairs.at(0).link.name;
  kernel.pairs.at(0).link = {77, name, ""};
  EXPECT_FALSE(has_reclaimable());
  EXPECT_EQ(reclaim(), 0U);
}

TEST_F(Reclaim, RemovesTheIfbOfAReclaimedAttachment) {
  limit_rates();
  add("c1");
  add("c2");
  std::erase_if(kernel.pairs, [&](const auto& pair) { return pair.link.alias == cni::alias_of(attachment("c1")); });
  EXPECT_EQ(reclaim(), 1U);
  ASSERT_EQ(kernel.ifb_devices.size(), 1U);
  EXPECT_EQ(kernel.ifb_devices.front().alias, cni::alias_of(attachment("c2")));
}

TEST_F(Reclaim, ReclaimsAnAttachmentWhoseIndexAnotherLinkHas) {
  add("c1");
  auto& link = kernel.pairs.at(0).link;
  link = {link.index, "vethother", "veth-cni/other/c9/eth0"};
  EXPECT_EQ(reclaim(), 1U);
}

TEST_F(Reclaim, KeepsAnAttachmentInFlight) {
  add("c1");
  kernel.pairs.clear();
  const auto others = state::Folder::open(root, root);
  const auto lock = others.locks.try_attachment(tag("c1"));
  EXPECT_FALSE(has_reclaimable());
  EXPECT_EQ(reclaim(), 0U);
  EXPECT_TRUE(has_record("c1"));
}

/// The same folder object holds the lock, so the lock does not exclude the caller's own attachment.
TEST_F(Reclaim, KeepsTheLeaseOfTheCaller) {
  add("c1");
  kernel.pairs.clear();
  EXPECT_EQ(attachment::reclaim("net", kernel, folder, tag("c1")).size(), 0U);
  EXPECT_TRUE(has_record("c1"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
}

TEST_F(Reclaim, KeepsLeasesWithoutAnInterfaceOfThePlugin) {
  folder.records.write_pending({.attachment = attachment("c1"), .netns = "/n", .addresses = {ip("10.1.2.2")}});
  folder.addresses.take("net", ip("10.1.2.2"), tag("c1"));
  folder.records.mark_live(attachment("c1"));
  EXPECT_FALSE(has_reclaimable());
  EXPECT_EQ(reclaim(), 0U);
  EXPECT_EQ(taken(), Texts{"10.1.2.2"});
}

TEST_F(Reclaim, KeepsUnreadableRecords) {
  add("c1");
  corrupt_record("live", "c1");
  kernel.pairs.clear();
  EXPECT_FALSE(has_reclaimable());
  EXPECT_EQ(reclaim(), 0U);
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
}

TEST_F(Reclaim, ReclaimsAfterAnAddThatWasKilledBeforeItHadALink) {
  leave_killed_add("c1", {"10.1.2.2"});
  EXPECT_TRUE(has_reclaimable());
  EXPECT_EQ(reclaim(), 1U);
  expect_nothing_left();
}

TEST_F(Reclaim, KeepsTheLinkOfAnAddThatWasKilledAfterItHadALink) {
  add("c1");
  auto unbuilt = record("c1");
  unbuilt.host_interface.value().index = 0;
  folder.records.write_pending(unbuilt);
  EXPECT_FALSE(has_reclaimable());
  EXPECT_EQ(reclaim(), 0U);
}

TEST_F(Reclaim, KeepsAnImportedLeaseWhileItsLinkExists) {
  import_attachment("c1", "10.1.2.2", "veth12345678");
  EXPECT_FALSE(has_reclaimable());
  EXPECT_EQ(reclaim(), 0U);
  kernel.pairs.clear();
  EXPECT_EQ(reclaim(), 1U);
  expect_nothing_left();
}

TEST_F(Reclaim, KeepsAddressesThatAnotherAttachmentHoldsNow) {
  add("c1");
  kernel.pairs.clear();
  folder.addresses.release("net", ip("10.1.2.2"), tag("c1"));
  folder.addresses.take("net", ip("10.1.2.2"), tag("c2"));
  EXPECT_EQ(reclaim(), 1U);
  EXPECT_EQ(folder.addresses.holder("net", ip("10.1.2.2")), tag("c2"));
  EXPECT_EQ(taken(), Texts{"10.1.2.2"});
}

TEST_F(Reclaim, ThrowsIfAnAttachmentCannotBeRemoved) {
  add("c1");
  kernel.pairs.clear();
  kernel.errors["remove_links"] = EPERM;
  EXPECT_THROW(reclaim(), cni::Error) << "it is not reported as reclaimed";
  EXPECT_TRUE(has_record("c1"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
}

/// Rules of an attachment without a record and without a link.
class OrphanedRules : public test::NetworkTest {
 protected:
  void SetUp() override {
    auto mapped = request("c1");
    mapped.config.requested.port_mappings = {{.host_port = 8080, .container_port = 80}};
    add(mapped);
    ASSERT_EQ(kernel.rules.size(), 1U);
    folders.push_back(state::Folder::open(root, root));
  }
  std::vector<wiring::Footprint> find() { return attachment::find_orphaned_rules(kernel, folders); }

  std::vector<state::Folder> folders;
};

TEST_F(OrphanedRules, HaveNeitherARecordNorALink) {
  EXPECT_TRUE(find().empty());
  kernel.pairs.clear();
  EXPECT_TRUE(find().empty()) << "it has a record";
  folder.records.remove("net", tag("c1"));
  ASSERT_EQ(find().size(), 1U);
  EXPECT_EQ(find().front().tag, tag("c1"));
}

TEST_F(OrphanedRules, DoNotIncludeRulesOfAnExistingLink) {
  folder.records.remove("net", tag("c1"));
  EXPECT_TRUE(find().empty());
}

TEST_F(OrphanedRules, DoNotIncludeRulesOfALockedAttachment) {
  kernel.pairs.clear();
  folder.records.remove("net", tag("c1"));
  const auto lock = folder.locks.try_attachment(tag("c1"));
  EXPECT_TRUE(find().empty());
}

}  // namespace
