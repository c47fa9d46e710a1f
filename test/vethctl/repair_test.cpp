#include "plugin/vethctl/repair.hpp"

#include "plugin/vethctl/commands.hpp"
#include "test/verbs/network.hpp"
#include "test/vethctl/console.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace {

using Texts = std::vector<std::string>;

class RepairCommand : public test::NetworkTest {
 protected:
  std::string repair(const Texts& words = {}) {
    test::Screen screen;
    status =
        vethctl::repair(vethctl::parse(vethctl::repair_command(), words), screen.console(root), {inspector, repairer});
    return screen.printed;
  }
  void lose_record(const std::string& container) {
    const auto link = *kernel.find_link(attachment(container));
    inspector.locations[link.name] = {.other_end = {"/run/netns/" + container, "eth0"}};
    for (const auto& address : record(container).addresses) folder.addresses.release("net", address, tag(container));
    folder.records.remove("net", tag(container));
  }

  int status = -1;
};

TEST_F(RepairCommand, FindsNothingToRestore) {
  EXPECT_EQ(repair(), "nothing to restore\n");
  add("c1");
  EXPECT_EQ(repair(), "nothing to restore\n");
  EXPECT_EQ(status, vethctl::success);
}

TEST_F(RepairCommand, PrintsWhatItRestored) {
  add("c1");
  kernel.modify_observed = [](wiring::Observed& observed) { observed.container->is_up = false; };
  EXPECT_EQ(repair({"--dry-run"}), "net/c1/eth0: interface \"eth0\" is down: would be restored\n");
  EXPECT_EQ(repair(), "net/c1/eth0: interface \"eth0\" is down: restored\n");
  EXPECT_EQ(status, vethctl::success);
}

TEST_F(RepairCommand, FailsIfSomethingIsNotRestored) {
  add("c1");
  kernel.modify_observed = [](wiring::Observed& observed) { observed.container.reset(); };
  EXPECT_EQ(repair(), "net/c1/eth0: interface \"eth0\" is missing: not restored\n");
  EXPECT_EQ(status, vethctl::found_faults);
}

TEST_F(RepairCommand, RemovesStaleAttachments) {
  add("c1");
  kernel.pairs.clear();
  EXPECT_EQ(repair({"--dry-run"}), "net/c1/eth0: 10.1.2.2, fd00::2: stale attachment would be removed\n");
  EXPECT_TRUE(is_live("c1"));
  EXPECT_EQ(repair(), "net/c1/eth0: 10.1.2.2, fd00::2: stale attachment removed\n");
  EXPECT_FALSE(has_record("c1"));
}

TEST_F(RepairCommand, RestoresMissingRecords) {
  add("c1");
  lose_record("c1");
  EXPECT_EQ(repair({"--dry-run"}), "net/c1/eth0: 10.1.2.2, fd00::2: record would be restored\n");
  EXPECT_FALSE(has_record("c1"));
  EXPECT_EQ(repair(), "net/c1/eth0: 10.1.2.2, fd00::2: record restored\n");
  EXPECT_TRUE(is_live("c1"));
  corrupt_record("live", "c1");
  EXPECT_EQ(repair(), "net/c1/eth0: 10.1.2.2, fd00::2: record restored\n");
  EXPECT_EQ(record("c1").addresses.size(), 2U);
}

TEST_F(RepairCommand, LeavesPendingRecordsUnchanged) {
  add("c1");
  folder.records.write_pending(record("c1"));
  EXPECT_EQ(repair(), "nothing to restore\n");
  EXPECT_FALSE(is_live("c1"));
}

TEST_F(RepairCommand, PrintsWhyARecordCannotBeRestored) {
  add("c1");
  const auto name = kernel.find_link(attachment("c1"))->name;
  lose_record("c1");
  inspector.locations.clear();
  EXPECT_EQ(repair(), "net/c1/eth0: record of interface \"" + name +
                          "\": the namespace of its other end was not found in /run/netns or /proc: not restored\n");
  EXPECT_EQ(status, vethctl::found_faults);
}

TEST_F(RepairCommand, RestoresRecordsInTheGivenFolder) {
  add("c1");
  lose_record("c1");
  const auto other = directory.path() + "/other";
  repair({"--data-dir", other});
  EXPECT_FALSE(has_record("c1"));
  EXPECT_TRUE(state::Folder::find(other)->records.find(attachment("c1")).has_value());
}

TEST_F(RepairCommand, RepairsOnlyTheGivenNetwork) {
  add("c1");
  kernel.pairs.clear();
  EXPECT_THROW(repair({"other"}), cni::Error);
  EXPECT_NE(repair({"net"}), "nothing to restore\n");
}

TEST_F(RepairCommand, PrintsJson) {
  add("c1");
  kernel.pairs.clear();
  const auto printed = nlohmann::json::parse(repair({"--output", "json"}));
  EXPECT_EQ(printed["dryRun"], false);
  EXPECT_EQ(printed["actions"], (nlohmann::json{{{"network", "net"},
                                                 {"container", "c1"},
                                                 {"interface", "eth0"},
                                                 {"action", "dropped"},
                                                 {"what", "10.1.2.2, fd00::2"}}}));
}

}  // namespace
