#include "plugin/vethctl/leases.hpp"

#include "plugin/vethctl/commands.hpp"
#include "test/verbs/network.hpp"
#include "test/vethctl/console.hpp"

#include <cerrno>

namespace {

using test::ip;
using Texts = std::vector<std::string>;

class Leases : public test::NetworkTest {
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

  /// A lease for an interface of another plugin.
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
  EXPECT_EQ(refusal({"list", "other"}), "there is no network \"other\" on this node; known networks: net");
}

TEST_F(Leases, HaveTheStateOfTheirHolder) {
  add("broken");
  kernel.pairs.clear();
  leave_killed_add("unfinished", {"10.1.2.3"});
  lease("lease", "10.1.2.4");
  folder.addresses.take("net", ip("10.1.2.5"), tag("lost"));
  leave_killed_add("flight", {"10.1.2.6"});
  const auto others = state::Folder::open(root, root);
  const auto lock = others.locks.try_attachment(tag("flight"));
  EXPECT_EQ(leases({"list"}),
            "NETWORK  ADDRESS   CONTAINER   INTERFACE  STATE       AGE\n"
            "net      10.1.2.2  broken      eth0       broken      0s\n"
            "net      10.1.2.3  unfinished  eth0       incomplete  0s\n"
            "net      10.1.2.4  lease       eth0       live        0s\n"
            "net      10.1.2.5  -           -          unrecorded  -\n"
            "net      10.1.2.6  flight      eth0       in flight   0s\n"
            "net      fd00::2   broken      eth0       broken      0s\n");
}

TEST_F(Leases, AreListedAsJson) {
  lease("c1", "10.1.2.2");
  EXPECT_EQ(leases({"list", "--output", "json"}),
            "[\n  {\n    \"network\": \"net\",\n    \"address\": \"10.1.2.2\",\n    \"container\": \"c1\",\n"
            "    \"interface\": \"eth0\",\n    \"state\": \"live\",\n    \"ageSeconds\": 0\n  }\n]\n");
}

TEST_F(Leases, OfAStaleHolderAreReleasedOneByOne) {
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

TEST_F(Leases, AreKeptWhileTheInterfaceExists) {
  add("c1");
  const auto name = kernel.pairs.at(0).link.name;
  EXPECT_EQ(refusal({"release", "net", "10.1.2.2"}),
            "cannot release 10.1.2.2: container \"c1\", interface \"eth0\" may use it, since interface \"" + name +
                "\" exists; delete the container with the runtime, or use --force");
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
  leases({"release", "net", "10.1.2.2", "--force"});
  EXPECT_EQ(taken(), Texts{"fd00::2"});
  EXPECT_TRUE(is_live("c1")) << "the interface still has a record";
}

TEST_F(Leases, AreKeptWhileTheHolderIsInFlight) {
  leave_killed_add("c1", {"10.1.2.2"});
  const auto others = state::Folder::open(root, root);
  const auto lock = others.locks.try_attachment(tag("c1"));
  EXPECT_EQ(refusal({"release", "net", "10.1.2.2"}),
            "cannot release 10.1.2.2: a call of the plugin holds the lock of container \"c1\", interface \"eth0\"; try "
            "again, or use --force");
  leases({"release", "net", "10.1.2.2", "--force"});
  EXPECT_EQ(taken(), Texts{});
  EXPECT_TRUE(has_record("c1")) << "the running call needs it";
}

TEST_F(Leases, OfOtherPluginsAreKeptWhileTheNamespaceExists) {
  lease("c1", "10.1.2.2");
  EXPECT_EQ(refusal({"release", "net", "10.1.2.2"}),
            "cannot release 10.1.2.2: container \"c1\", interface \"eth0\" may use it, since network namespace \"/n\" "
            "exists; delete the container with the runtime, or use --force");
  kernel.errors["open_namespace"] = ENOENT;
  leases({"release", "net", "10.1.2.2"});
  expect_nothing_left();
}

TEST_F(Leases, WithoutARecordAreReleasedUnlessTheLinkExists) {
  folder.addresses.take("net", ip("10.1.2.2"), tag("c1"));
  EXPECT_EQ(leases({"release", "net", "10.1.2.2"}), "released 10.1.2.2 of network \"net\"\n");
  add("c1");
  folder.records.remove("net", tag("c1"));
  EXPECT_EQ(refusal({"release", "net", "10.1.2.2"}),
            "cannot release 10.1.2.2: its holder may use it, since interface \"" + kernel.pairs.at(0).link.name +
                "\" exists; delete the container with the runtime, or use --force");
}

TEST_F(Leases, OfUnreadableRecordsNeedForce) {
  add("c1");
  kernel.pairs.clear();
  corrupt_record("live", "c1");
  EXPECT_EQ(
      refusal({"release", "net", "10.1.2.2"}),
      "cannot release 10.1.2.2: its holder may use it, since its record cannot be read; delete the container with the "
      "runtime, or use --force");
  leases({"release", "net", "10.1.2.2", "--force"});
  EXPECT_EQ(taken(), Texts{"fd00::2"});
}

TEST_F(Leases, ThatDoNotExistAreReported) {
  EXPECT_EQ(refusal({"release", "net", "10.1.2.2"}),
            "there is no network \"net\" on this node; the node has no attachments");
  lease("c1", "10.1.2.3");
  EXPECT_EQ(refusal({"release", "net", "10.1.2.2"}),
            "address 10.1.2.2 of network \"net\" is not leased; vethctl leases list net prints the leases");
  EXPECT_EQ(refusal({"release", "net", "x"}), "\"x\" is not an IP address");
  EXPECT_EQ(refusal({"release", "net"}), "leases release: 1 operand is given, expected: NETWORK ADDRESS");
  EXPECT_EQ(refusal({"list", "a", "b"}), "leases list: unexpected operand \"b\"");
  EXPECT_EQ(refusal({"lst"}), "leases \"lst\": must be one of list, release");
}

}  // namespace
