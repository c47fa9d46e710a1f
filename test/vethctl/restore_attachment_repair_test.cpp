#include "plugin/vethctl/restore/attachment_repair.hpp"
#include "test/verbs/network.hpp"

#include <algorithm>
#include <cerrno>

namespace {

using Sentences = std::vector<std::string>;

constexpr auto down = "interface \"eth0\" is down";

class AttachmentRepair : public test::NetworkTest {
 protected:
  attachment::OvsReader ovs;
  std::optional<restore::AttachmentRepair> repair(const std::string& container, bool is_dry_run = false) {
    return restore::repair_attachment({network, tag(container)}, {kernel, repairer, ovs}, folder, is_dry_run);
  }
  void break_kernel() {
    kernel.modify_observed = [](wiring::Observed& observed) { observed.container->is_up = false; };
  }
  bool has_asked_for_repair() const { return std::ranges::find(kernel.calls, "repair") != kernel.calls.end(); }

  const std::string network = "net";
};

TEST_F(AttachmentRepair, ChangesNothingIfNothingIsMissing) {
  add("c1");
  EXPECT_TRUE(repair("c1") == (restore::AttachmentRepair{.attachment = attachment("c1")}));
  EXPECT_FALSE(has_asked_for_repair());
}

TEST_F(AttachmentRepair, ReturnsWhatItRestored) {
  add("c1");
  break_kernel();
  EXPECT_EQ(repair("c1")->restored, Sentences{down});
  EXPECT_TRUE(repair("c1") == (restore::AttachmentRepair{.attachment = attachment("c1")})) << "second run";
}

TEST_F(AttachmentRepair, ReturnsWhatItWouldRestoreInADryRun) {
  add("c1");
  break_kernel();
  EXPECT_EQ(repair("c1", true)->restored, Sentences{down});
  EXPECT_FALSE(has_asked_for_repair());
}

TEST_F(AttachmentRepair, ReturnsTheErrorOfTheKernel) {
  add("c1");
  break_kernel();
  kernel.errors["repair"] = EPERM;
  const auto repaired = repair("c1");
  EXPECT_EQ(repaired->restored, Sentences{});
  EXPECT_EQ(repaired->not_restored, (Sentences{"repair: Operation not permitted", down}));
}

TEST_F(AttachmentRepair, DoesNotCreateInterfaces) {
  add("c1");
  kernel.modify_observed = [](wiring::Observed& observed) { observed.container.reset(); };
  EXPECT_EQ(repair("c1")->not_restored, Sentences{"interface \"eth0\" is missing"});
  EXPECT_FALSE(has_asked_for_repair());
}

TEST_F(AttachmentRepair, ChangesNothingIfTheEndsAreNotOnePair) {
  add("c1");
  kernel.modify_observed = [](wiring::Observed& observed) { observed.is_pair = false; };
  EXPECT_EQ(repair("c1")->not_restored.size(), 1U);
  EXPECT_FALSE(has_asked_for_repair());
}

TEST_F(AttachmentRepair, RestoresNameAndAliasOfTheHostsEnd) {
  add("c1");
  const auto name = '"' + cni::host_interface_name(tag("c1")) + '"';
  kernel.modify_observed = [](wiring::Observed& observed) {
    observed.host->name = "uplink";
    observed.host->alias = "rack 7";
  };
  EXPECT_EQ(repair("c1")->restored,
            (Sentences{"interface " + name + " was renamed to \"uplink\"",
                       "interface " + name + R"( has alias "rack 7", expected "veth-cni/net/c1/eth0")"}));
  EXPECT_TRUE(has_asked_for_repair());
}

TEST_F(AttachmentRepair, ReportsAMissingNamespace) {
  add("c1");
  kernel.errors["open_namespace"] = ENOENT;
  EXPECT_EQ(repair("c1")->not_restored, Sentences{"open_namespace: No such file or directory"});
}

TEST_F(AttachmentRepair, RestoresMissingLeases) {
  add("c1");
  folder.addresses.release("net", test::ip("10.1.2.2"), tag("c1"));
  const Sentences expected{"lease of address 10.1.2.2 is missing"};
  EXPECT_EQ(repair("c1", true)->restored, expected);
  EXPECT_EQ(taken(), Sentences{"fd00::2"});
  EXPECT_EQ(repair("c1")->restored, expected);
  EXPECT_EQ(taken(), (Sentences{"10.1.2.2", "fd00::2"}));
  EXPECT_EQ(repair("c1")->restored, Sentences{});
}

TEST_F(AttachmentRepair, DoesNotTakeAnAddressFromAnotherHolder) {
  add("c1");
  add("c2");
  folder.addresses.release("net", test::ip("10.1.2.2"), tag("c1"));
  folder.addresses.take("net", test::ip("10.1.2.2"), tag("c2"));
  EXPECT_EQ(repair("c1")->not_restored, Sentences{"10.1.2.2 is held by container \"c2\", interface \"eth0\""});
  EXPECT_EQ(folder.addresses.holder("net", test::ip("10.1.2.2")), tag("c2"));
}

TEST_F(AttachmentRepair, NeedsALiveReadableRecordWithAWiring) {
  EXPECT_FALSE(repair("c1").has_value());
  leave_killed_add("c2", {"10.1.2.2"});
  EXPECT_FALSE(repair("c2").has_value()) << "the ADD did not finish";
  import_attachment("c3", "10.1.2.3", "veth0");
  EXPECT_FALSE(repair("c3").has_value()) << "attached by another plugin";
  add("c4");
  corrupt_record("live", "c4");
  EXPECT_FALSE(repair("c4").has_value()) << "an unreadable record";
}

TEST_F(AttachmentRepair, SkipsALockedAttachment) {
  add("c1");
  break_kernel();
  const auto another = state::Folder::open(root, root);
  const auto lock = another.locks.attachment(attachment("c1"));
  EXPECT_FALSE(repair("c1").has_value());
}

/// The route of the host to the address of the container that another program has added.
kernel::Conflict foreign_route() {
  return {.address = test::ip("10.1.2.2"),
          .route = kernel::RouteEntry{
              .route = {.destination = test::prefix("10.1.2.2/32")}, .protocol = 3, .device = "eth7"}};
}

constexpr auto foreign_route_text =
    "the host has another route to 10.1.2.2: 10.1.2.2/32 dev eth7 table main proto boot. Remove it: ip route del "
    "10.1.2.2/32 dev eth7 table main proto boot, then repeat vethctl repair";

TEST_F(AttachmentRepair, NamesAForeignRouteAndHowToRemoveIt) {
  add("c1");
  repairer.conflicts = {foreign_route()};
  EXPECT_EQ(repair("c1")->not_restored, Sentences{foreign_route_text});
  EXPECT_FALSE(has_asked_for_repair());
  break_kernel();
  repairer.conflict = foreign_route();
  EXPECT_EQ(repair("c1")->not_restored, Sentences{foreign_route_text}) << "once";
}

TEST_F(AttachmentRepair, DoesNotPromiseARouteThatAForeignRoutePrevents) {
  add("c1");
  repairer.conflicts = {foreign_route()};
  kernel.modify_observed = [](wiring::Observed& observed) {
    observed.container->is_up = false;
    observed.host->routes.clear();
  };
  const auto repaired = repair("c1", true);
  const auto route = "route 10.1.2.2/32 is missing on interface \"" + cni::host_interface_name(tag("c1")) + '"';
  EXPECT_EQ(repaired->not_restored, (Sentences{foreign_route_text, route}));
  EXPECT_TRUE(std::ranges::find(repaired->restored, down) != repaired->restored.end());
}

}  // namespace
