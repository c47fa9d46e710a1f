#include "plugin/vethctl/gc.hpp"

#include "plugin/vethctl/commands.hpp"
#include "test/verbs/network.hpp"
#include "test/vethctl/console.hpp"

namespace {

using Texts = std::vector<std::string>;

class Gc : public test::NetworkTest {
 protected:
  std::string gc(const Texts& words = {}) {
    test::Screen screen;
    const auto arguments = vethctl::parse(vethctl::gc_command(), words);
    EXPECT_EQ(vethctl::gc(arguments, screen.console(root), inspector), vethctl::success);
    return screen.printed;
  }
};

TEST_F(Gc, FindsNoStaleAttachments) {
  EXPECT_EQ(gc(), "no stale attachments\n");
  add("c1");
  EXPECT_EQ(gc(), "no stale attachments\n");
  EXPECT_TRUE(is_live("c1"));
}

TEST_F(Gc, RemovesAttachmentsWithoutAnInterface) {
  add("c1");
  add("c2");
  kernel.remove_links_of(attachment("c1"));
  EXPECT_EQ(gc(), "removed net/c1/eth0: 10.1.2.2, fd00::2\n");
  EXPECT_FALSE(has_record("c1"));
  EXPECT_TRUE(is_live("c2"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.3", "fd00::3"}));
}

TEST_F(Gc, RemovesTheRecordOfAnUnfinishedAdd) {
  leave_killed_add("c1", {"10.1.2.2"});
  EXPECT_EQ(gc(), "removed net/c1/eth0: 10.1.2.2\n");
  expect_nothing_left();
}

TEST_F(Gc, ChangesNothingInADryRun) {
  add("c1");
  kernel.pairs.clear();
  EXPECT_EQ(gc({"--dry-run"}), "would remove net/c1/eth0: 10.1.2.2, fd00::2\n");
  EXPECT_TRUE(is_live("c1"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
}

TEST_F(Gc, RemovesOnlyAttachmentsOfTheGivenNetwork) {
  add("c1");
  kernel.pairs.clear();
  EXPECT_THROW(gc({"other"}), cni::Error);
  EXPECT_TRUE(is_live("c1"));
  EXPECT_EQ(gc({"net"}), "removed net/c1/eth0: 10.1.2.2, fd00::2\n");
}

TEST_F(Gc, LeavesLockedAttachmentsUnchanged) {
  add("c1");
  kernel.pairs.clear();
  const auto others = state::Folder::open(root, root);
  const auto lock = others.locks.try_attachment(tag("c1"));
  EXPECT_EQ(gc(), "no stale attachments\n");
  EXPECT_TRUE(is_live("c1"));
}

TEST_F(Gc, PrintsJson) {
  leave_killed_add("c1", {"10.1.2.2"});
  EXPECT_EQ(
      gc({"--output", "json", "--dry-run"}),
      "{\n  \"dryRun\": true,\n  \"dropped\": [\n    {\n      \"network\": \"net\",\n      \"container\": \"c1\",\n"
      "      \"interface\": \"eth0\",\n      \"tag\": \"" +
          cni::to_string(tag("c1")) + "\",\n      \"addresses\": [\n        \"10.1.2.2\"\n      ]\n    }\n  ]\n}\n");
}

TEST_F(Gc, FindsNothingWithoutAStateFolder) {
  root = directory.path() + "/none";
  EXPECT_EQ(gc(), "no stale attachments\n");
}

}  // namespace
