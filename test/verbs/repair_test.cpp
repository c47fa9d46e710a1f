#include "plugin/verbs/repair.hpp"

#include "test/verbs/network.hpp"

#include <algorithm>
#include <cerrno>

namespace {

using Sentences = std::vector<std::string>;

constexpr auto down = "interface \"eth0\" is down";

class Repair : public test::VerbsOfNetwork {
 protected:
  std::optional<verbs::Repair> repair(const std::string& container, bool is_dry_run = false) {
    return verbs::repair({network, tag(container)}, kernel, folder, is_dry_run);
  }
  void break_kernel() {
    kernel.disturb = [](wiring::Observed& observed) { observed.container->is_up = false; };
  }
  bool has_asked_for_repair() const { return std::ranges::find(kernel.asked, "repair") != kernel.asked.end(); }

  const std::string network = "net";
};

TEST_F(Repair, ChangesNothingWhereNothingIsMissing) {
  add("c1");
  EXPECT_TRUE(repair("c1") == (verbs::Repair{.attachment = attachment("c1")}));
  EXPECT_FALSE(has_asked_for_repair());
}

TEST_F(Repair, TellsWhatItMended) {
  add("c1");
  break_kernel();
  EXPECT_EQ(repair("c1")->mended, Sentences{down});
  EXPECT_TRUE(repair("c1") == (verbs::Repair{.attachment = attachment("c1")})) << "once more";
}

TEST_F(Repair, TellsWhatItWouldMendInADryRun) {
  add("c1");
  break_kernel();
  EXPECT_EQ(repair("c1", true)->mended, Sentences{down});
  EXPECT_FALSE(has_asked_for_repair());
}

TEST_F(Repair, TellsWhatTheKernelRefused) {
  add("c1");
  break_kernel();
  kernel.refusals["repair"] = EPERM;
  const auto repaired = repair("c1");
  EXPECT_EQ(repaired->mended, Sentences{});
  EXPECT_EQ(repaired->left, (Sentences{"repair: Operation not permitted", down}));
}

TEST_F(Repair, BringsNoInterfaceBack) {
  add("c1");
  kernel.disturb = [](wiring::Observed& observed) { observed.container.reset(); };
  EXPECT_EQ(repair("c1")->left, Sentences{"interface \"eth0\" is missing"});
  EXPECT_FALSE(has_asked_for_repair());
}

TEST_F(Repair, LeavesAnInterfaceAloneThatIsAnothers) {
  add("c1");
  kernel.disturb = [](wiring::Observed& observed) { observed.host->alias = "mine"; };
  EXPECT_EQ(repair("c1")->left.size(), 1U);
  EXPECT_FALSE(has_asked_for_repair());
}

TEST_F(Repair, TellsThatTheNamespaceIsGone) {
  add("c1");
  kernel.refusals["open_namespace"] = ENOENT;
  EXPECT_EQ(repair("c1")->left, Sentences{"open_namespace: No such file or directory"});
}

TEST_F(Repair, TakesTheAddressesAgainThatNobodyHolds) {
  add("c1");
  folder.release("net", test::ip("10.1.2.2"), tag("c1"));
  const Sentences expected{"address 10.1.2.2 was not taken in the state folder"};
  EXPECT_EQ(repair("c1", true)->mended, expected);
  EXPECT_EQ(taken(), Sentences{"fd00::2"});
  EXPECT_EQ(repair("c1")->mended, expected);
  EXPECT_EQ(taken(), (Sentences{"10.1.2.2", "fd00::2"}));
  EXPECT_EQ(repair("c1")->mended, Sentences{});
}

TEST_F(Repair, LeavesAnAddressToAnotherThatHoldsIt) {
  add("c1");
  add("c2");
  folder.release("net", test::ip("10.1.2.2"), tag("c1"));
  folder.take("net", test::ip("10.1.2.2"), tag("c2"));
  EXPECT_EQ(repair("c1")->left, Sentences{"10.1.2.2 is held by container \"c2\", interface \"eth0\""});
  EXPECT_EQ(folder.holder("net", test::ip("10.1.2.2")), tag("c2"));
}

TEST_F(Repair, HasNothingToGoBy) {
  EXPECT_FALSE(repair("c1").has_value());
  leave_unbuilt("c2", {"10.1.2.2"});
  EXPECT_FALSE(repair("c2").has_value()) << "an ADD that never ended";
  import_attachment("c3", "10.1.2.3", "veth0");
  EXPECT_FALSE(repair("c3").has_value()) << "laid by another plugin";
  add("c4");
  spoil_record("live", "c4");
  EXPECT_FALSE(repair("c4").has_value()) << "an unreadable record";
}

TEST_F(Repair, LeavesAnAttachmentToTheCallThatIsAtWorkOnIt) {
  add("c1");
  break_kernel();
  const auto another = state::Folder::open(root, root);
  const auto lock = another.lock(attachment("c1"));
  EXPECT_FALSE(repair("c1").has_value());
}

}  // namespace
