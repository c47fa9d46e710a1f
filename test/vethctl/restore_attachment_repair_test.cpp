#include "plugin/vethctl/restore/attachment_repair.hpp"
#include "test/verbs/network.hpp"

#include <algorithm>
#include <cerrno>

namespace {

using Sentences = std::vector<std::string>;

constexpr auto down = "interface \"eth0\" is down";

class AttachmentRepair : public test::VerbsOfNetwork {
 protected:
  std::optional<restore::AttachmentRepair> repair(const std::string& container, bool is_dry_run = false) {
    return restore::repair_attachment({network, tag(container)}, {kernel, repairer}, folder, is_dry_run);
  }
  void break_kernel() {
    kernel.disturb = [](wiring::Observed& observed) { observed.container->is_up = false; };
  }
  bool has_asked_for_repair() const { return std::ranges::find(kernel.asked, "repair") != kernel.asked.end(); }

  const std::string network = "net";
};

TEST_F(AttachmentRepair, ChangesNothingWhereNothingIsMissing) {
  add("c1");
  EXPECT_TRUE(repair("c1") == (restore::AttachmentRepair{.attachment = attachment("c1")}));
  EXPECT_FALSE(has_asked_for_repair());
}

TEST_F(AttachmentRepair, TellsWhatItMended) {
  add("c1");
  break_kernel();
  EXPECT_EQ(repair("c1")->restored, Sentences{down});
  EXPECT_TRUE(repair("c1") == (restore::AttachmentRepair{.attachment = attachment("c1")})) << "once more";
}

TEST_F(AttachmentRepair, TellsWhatItWouldMendInADryRun) {
  add("c1");
  break_kernel();
  EXPECT_EQ(repair("c1", true)->restored, Sentences{down});
  EXPECT_FALSE(has_asked_for_repair());
}

TEST_F(AttachmentRepair, TellsWhatTheKernelRefused) {
  add("c1");
  break_kernel();
  kernel.refusals["repair"] = EPERM;
  const auto repaired = repair("c1");
  EXPECT_EQ(repaired->restored, Sentences{});
  EXPECT_EQ(repaired->left, (Sentences{"repair: Operation not permitted", down}));
}

TEST_F(AttachmentRepair, BringsNoInterfaceBack) {
  add("c1");
  kernel.disturb = [](wiring::Observed& observed) { observed.container.reset(); };
  EXPECT_EQ(repair("c1")->left, Sentences{"interface \"eth0\" is missing"});
  EXPECT_FALSE(has_asked_for_repair());
}

TEST_F(AttachmentRepair, LeavesAnInterfaceAloneThatIsAnothers) {
  add("c1");
  kernel.disturb = [](wiring::Observed& observed) { observed.is_pair = false; };
  EXPECT_EQ(repair("c1")->left.size(), 1U);
  EXPECT_FALSE(has_asked_for_repair());
}

TEST_F(AttachmentRepair, RestoresNameAndAliasOfTheHostsEnd) {
  add("c1");
  const auto name = '"' + cni::host_interface_name(tag("c1")) + '"';
  kernel.disturb = [](wiring::Observed& observed) {
    observed.host->name = "uplink";
    observed.host->alias = "rack 7";
  };
  EXPECT_EQ(repair("c1")->restored,
            (Sentences{"interface " + name + " was renamed to \"uplink\"",
                       "interface " + name + R"( has alias "rack 7" and not "veth-cni/net/c1/eth0")"}));
  EXPECT_TRUE(has_asked_for_repair());
}

TEST_F(AttachmentRepair, TellsThatTheNamespaceIsGone) {
  add("c1");
  kernel.refusals["open_namespace"] = ENOENT;
  EXPECT_EQ(repair("c1")->left, Sentences{"open_namespace: No such file or directory"});
}

TEST_F(AttachmentRepair, TakesTheAddressesAgainThatNobodyHolds) {
  add("c1");
  folder.addresses.release("net", test::ip("10.1.2.2"), tag("c1"));
  const Sentences expected{"address 10.1.2.2 was not taken in the state folder"};
  EXPECT_EQ(repair("c1", true)->restored, expected);
  EXPECT_EQ(taken(), Sentences{"fd00::2"});
  EXPECT_EQ(repair("c1")->restored, expected);
  EXPECT_EQ(taken(), (Sentences{"10.1.2.2", "fd00::2"}));
  EXPECT_EQ(repair("c1")->restored, Sentences{});
}

TEST_F(AttachmentRepair, LeavesAnAddressToAnotherThatHoldsIt) {
  add("c1");
  add("c2");
  folder.addresses.release("net", test::ip("10.1.2.2"), tag("c1"));
  folder.addresses.take("net", test::ip("10.1.2.2"), tag("c2"));
  EXPECT_EQ(repair("c1")->left, Sentences{"10.1.2.2 is held by container \"c2\", interface \"eth0\""});
  EXPECT_EQ(folder.addresses.holder("net", test::ip("10.1.2.2")), tag("c2"));
}

TEST_F(AttachmentRepair, HasNothingToGoBy) {
  EXPECT_FALSE(repair("c1").has_value());
  leave_unbuilt("c2", {"10.1.2.2"});
  EXPECT_FALSE(repair("c2").has_value()) << "an ADD that never ended";
  import_attachment("c3", "10.1.2.3", "veth0");
  EXPECT_FALSE(repair("c3").has_value()) << "laid by another plugin";
  add("c4");
  spoil_record("live", "c4");
  EXPECT_FALSE(repair("c4").has_value()) << "an unreadable record";
}

TEST_F(AttachmentRepair, LeavesAnAttachmentToTheCallThatIsAtWorkOnIt) {
  add("c1");
  break_kernel();
  const auto another = state::Folder::open(root, root);
  const auto lock = another.locks.attachment(attachment("c1"));
  EXPECT_FALSE(repair("c1").has_value());
}

}  // namespace
