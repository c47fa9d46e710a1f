#include "plugin/vethctl/leases.hpp"

#include "plugin/vethctl/commands.hpp"
#include "test/verbs/network.hpp"
#include "test/vethctl/console.hpp"

#include <cerrno>

namespace {

using test::ip;
using Texts = std::vector<std::string>;

class Leases : public test::VerbsOfNetwork {
 protected:
  std::string leases(const Texts& words) {
    test::Screen screen;
    const auto arguments = vethctl::parse(vethctl::leases_command(), words);
    EXPECT_EQ(vethctl::leases(arguments, screen.console(root), inspector), vethctl::success);
    return screen.printed;
  }
  std::string refusal(const Texts& words) {
    try {
      leases(words);
    } catch (const cni::Error& error) {
      return error.what();
    } catch (const vethctl::UsageError& error) {
      return error.what();
    }
    return {};
  }

  /// A lease for another plugin's interface.
  void lease(const std::string& container, const std::string& address) {
    folder.records.write_pending({.attachment = attachment(container), .netns = "/n", .addresses = {ip(address)}});
    folder.addresses.take("net", ip(address), tag(container));
    folder.records.mark_live(attachment(container));
  }
};

TEST_F(Leases, AreListedWithTheirHolders) {
  add("c1");
  EXPECT_EQ(leases({"list"}),
            "NETWORK  ADDRESS   CONTAINER  INTERFACE  STATE  AGE\n"
            "net      10.1.2.2  c1         eth0       live   0s\n"
            "net      fd00::2   c1         eth0       live   0s\n");
  EXPECT_EQ(leases({"list", "net"}), leases({"list"}));
  EXPECT_EQ(refusal({"list", "other"}), "there is no network \"other\" on this node; there are net");
}

TEST_F(Leases, TellTheirStates) {
  add("broken");
  kernel.pairs.clear();
  leave_unbuilt("remains", {"10.1.2.3"});
  lease("lease", "10.1.2.4");
  folder.addresses.take("net", ip("10.1.2.5"), tag("lost"));
  leave_unbuilt("flight", {"10.1.2.6"});
  const auto others = state::Folder::open(root, root);
  const auto lock = others.locks.try_attachment(tag("flight"));
  EXPECT_EQ(leases({"list"}),
            "NETWORK  ADDRESS   CONTAINER  INTERFACE  STATE       AGE\n"
            "net      10.1.2.2  broken     eth0       broken      0s\n"
            "net      10.1.2.3  remains    eth0       remains     0s\n"
            "net      10.1.2.4  lease      eth0       live        0s\n"
            "net      10.1.2.5  -          -          unrecorded  -\n"
            "net      10.1.2.6  flight     eth0       in flight   0s\n"
            "net      fd00::2   broken     eth0       broken      0s\n");
}

TEST_F(Leases, AreListedAsJson) {
  lease("c1", "10.1.2.2");
  EXPECT_EQ(leases({"list", "--output", "json"}),
            "[\n  {\n    \"network\": \"net\",\n    \"address\": \"10.1.2.2\",\n    \"container\": \"c1\",\n"
            "    \"interface\": \"eth0\",\n    \"state\": \"live\",\n    \"ageSeconds\": 0\n  }\n]\n");
}

TEST_F(Leases, OfTheDeadAreReleasedOneByOne) {
  add("c1");
  kernel.pairs.clear();
  EXPECT_EQ(leases({"release", "net", "10.1.2.2"}),
            "released 10.1.2.2 of network \"net\", held by container \"c1\", interface \"eth0\"\n");
  EXPECT_EQ(taken(), Texts{"fd00::2"});
  EXPECT_TRUE(has_record("c1"));
  EXPECT_EQ(leases({"release", "net", "fd00::2", "--output", "json"}),
            "{\n  \"network\": \"net\",\n  \"released\": \"fd00::2\",\n  \"container\": \"c1\",\n"
            "  \"interface\": \"eth0\"\n}\n");
  expect_nothing_left();
}

TEST_F(Leases, AreKeptWhileTheInterfaceStands) {
  add("c1");
  const auto name = kernel.pairs.at(0).link.name;
  EXPECT_EQ(refusal({"release", "net", "10.1.2.2"}),
            "container \"c1\", interface \"eth0\", which holds 10.1.2.2, may still use it: interface \"" + name +
                "\" stands; DEL the attachment, or use --force");
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
  leases({"release", "net", "10.1.2.2", "--force"});
  EXPECT_EQ(taken(), Texts{"fd00::2"});
  EXPECT_TRUE(is_live("c1")) << "what stands is still on record";
}

TEST_F(Leases, AreKeptWhileTheHolderIsInFlight) {
  leave_unbuilt("c1", {"10.1.2.2"});
  const auto others = state::Folder::open(root, root);
  const auto lock = others.locks.try_attachment(tag("c1"));
  EXPECT_EQ(
      refusal({"release", "net", "10.1.2.2"}),
      "container \"c1\", interface \"eth0\", which holds 10.1.2.2, is being worked on by a call of the plugin; try "
      "again, or use --force");
  leases({"release", "net", "10.1.2.2", "--force"});
  EXPECT_EQ(taken(), Texts{});
  EXPECT_TRUE(has_record("c1")) << "the call that is at work needs it";
}

TEST_F(Leases, OfOtherPluginsAreKeptWhileTheNamespaceIsThere) {
  lease("c1", "10.1.2.2");
  EXPECT_EQ(refusal({"release", "net", "10.1.2.2"}),
            "container \"c1\", interface \"eth0\", which holds 10.1.2.2, may still use it: network namespace \"/n\" is "
            "there; DEL the attachment, or use --force");
  kernel.refusals["open_namespace"] = ENOENT;
  leases({"release", "net", "10.1.2.2"});
  expect_nothing_left();
}

TEST_F(Leases, WithoutARecordAreReleasedUnlessALinkOfTheirNameStands) {
  folder.addresses.take("net", ip("10.1.2.2"), tag("c1"));
  EXPECT_EQ(leases({"release", "net", "10.1.2.2"}), "released 10.1.2.2 of network \"net\"\n");
  add("c1");
  folder.records.forget("net", tag("c1"));
  EXPECT_EQ(refusal({"release", "net", "10.1.2.2"}), "the holder of 10.1.2.2 may still use it: interface \"" +
                                                         kernel.pairs.at(0).link.name +
                                                         "\" stands; DEL the attachment, or use --force");
}

TEST_F(Leases, OfUnreadableRecordsNeedForce) {
  add("c1");
  kernel.pairs.clear();
  spoil_record("live", "c1");
  EXPECT_EQ(refusal({"release", "net", "10.1.2.2"}),
            "the holder of 10.1.2.2 may still use it: its record cannot be read; DEL the attachment, or use --force");
  leases({"release", "net", "10.1.2.2", "--force"});
  EXPECT_EQ(taken(), Texts{"fd00::2"});
}

TEST_F(Leases, ThatAreNotThereAreNamed) {
  EXPECT_EQ(refusal({"release", "net", "10.1.2.2"}),
            "there is no network \"net\" on this node; nothing is attached on this node");
  lease("c1", "10.1.2.3");
  EXPECT_EQ(refusal({"release", "net", "10.1.2.2"}),
            "nobody holds 10.1.2.2 in network \"net\"; vethctl leases list net shows what is taken");
  EXPECT_EQ(refusal({"release", "net", "x"}), "\"x\" is not an IP address");
  EXPECT_EQ(refusal({"release", "net"}), "\"leases release\" wants NETWORK ADDRESS");
  EXPECT_EQ(refusal({"list", "a", "b"}), "\"leases list\" wants at most a network");
  EXPECT_EQ(refusal({"lst"}), "leases \"lst\": must be one of list, release");
}

}  // namespace
