#include "plugin/vethctl/repair.hpp"

#include "plugin/vethctl/commands.hpp"
#include "test/verbs/network.hpp"
#include "test/vethctl/console.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace {

using Texts = std::vector<std::string>;

class RepairCommand : public test::VerbsOfNetwork {
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
    folder.records.forget("net", tag(container));
  }

  int status = -1;
};

TEST_F(RepairCommand, FindsNothingToMend) {
  EXPECT_EQ(repair(), "there is nothing to mend\n");
  add("c1");
  EXPECT_EQ(repair(), "there is nothing to mend\n");
  EXPECT_EQ(status, vethctl::success);
}

TEST_F(RepairCommand, TellsOfEachAttachmentWhatItMended) {
  add("c1");
  kernel.disturb = [](wiring::Observed& observed) { observed.container->is_up = false; };
  EXPECT_EQ(repair({"--dry-run"}), "net/c1/eth0: would be mended: interface \"eth0\" is down\n");
  EXPECT_EQ(repair(), "net/c1/eth0: mended: interface \"eth0\" is down\n");
  EXPECT_EQ(status, vethctl::success);
}

TEST_F(RepairCommand, FailsWhereSomethingIsLeft) {
  add("c1");
  kernel.disturb = [](wiring::Observed& observed) { observed.container.reset(); };
  EXPECT_EQ(repair(), "net/c1/eth0: not mended: interface \"eth0\" is missing\n");
  EXPECT_EQ(status, vethctl::found_faults);
}

TEST_F(RepairCommand, DropsWhatIsDead) {
  add("c1");
  kernel.pairs.clear();
  EXPECT_EQ(repair({"--dry-run"}), "net/c1/eth0: would be dropped: 10.1.2.2, fd00::2\n");
  EXPECT_TRUE(is_live("c1"));
  EXPECT_EQ(repair(), "net/c1/eth0: dropped: 10.1.2.2, fd00::2\n");
  EXPECT_FALSE(has_record("c1"));
}

TEST_F(RepairCommand, WritesLostRecordsAnew) {
  add("c1");
  lose_record("c1");
  EXPECT_EQ(repair({"--dry-run"}), "net/c1/eth0: would be recorded anew: 10.1.2.2, fd00::2\n");
  EXPECT_FALSE(has_record("c1"));
  EXPECT_EQ(repair(), "net/c1/eth0: recorded anew: 10.1.2.2, fd00::2\n");
  EXPECT_TRUE(is_live("c1"));
  spoil_record("live", "c1");
  EXPECT_EQ(repair(), "net/c1/eth0: recorded anew: 10.1.2.2, fd00::2\n");
  EXPECT_EQ(record("c1").addresses.size(), 2U);
}

TEST_F(RepairCommand, LeavesAloneWhatAnAddIsStillToAnswerFor) {
  add("c1");
  folder.records.write_pending(record("c1"));
  EXPECT_EQ(repair(), "there is nothing to mend\n");
  EXPECT_FALSE(is_live("c1"));
}

TEST_F(RepairCommand, SaysWhyARecordCannotBeWritten) {
  add("c1");
  const auto name = kernel.find_link(attachment("c1"))->name;
  lose_record("c1");
  inspector.locations.clear();
  EXPECT_EQ(repair(), "net/c1/eth0: not mended: interface \"" + name +
                          "\" has no record: its other end is in no namespace of /run/netns or of a process\n");
  EXPECT_EQ(status, vethctl::found_faults);
}

TEST_F(RepairCommand, WritesRecordsIntoAnotherFolderWhereOneIsNamed) {
  add("c1");
  lose_record("c1");
  const auto other = directory.path() + "/other";
  repair({"--data-dir", other});
  EXPECT_FALSE(has_record("c1"));
  EXPECT_TRUE(state::Folder::find(other)->records.find(attachment("c1")).has_value());
}

TEST_F(RepairCommand, LooksAtOneNetworkWhereOneIsNamed) {
  add("c1");
  kernel.pairs.clear();
  EXPECT_THROW(repair({"other"}), cni::Error);
  EXPECT_NE(repair({"net"}), "there is nothing to mend\n");
}

TEST_F(RepairCommand, IsJsonForPrograms) {
  add("c1");
  kernel.pairs.clear();
  const auto told = nlohmann::json::parse(repair({"--output", "json"}));
  EXPECT_EQ(told["dryRun"], false);
  EXPECT_EQ(told["deeds"], (nlohmann::json{{{"network", "net"},
                                            {"container", "c1"},
                                            {"interface", "eth0"},
                                            {"act", "dropped"},
                                            {"what", "10.1.2.2, fd00::2"}}}));
}

}  // namespace
