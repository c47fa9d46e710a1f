// vethctl list, show and graph on a node with an attachment.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

json vethctl_json(std::vector<std::string> arguments) {
  const auto outcome = vethctl(std::move(arguments));
  EXPECT_EQ(outcome.exit, 0) << outcome.err;
  return json::parse(outcome.out);
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class Vethctl : public testing::Test {
 protected:
  void SetUp() override {
    const auto added = add(a, dual_stack());
    ASSERT_EQ(added.exit, 0) << added;
    host_interface = host_interface_of(added.result);
  }
  json listed() const { return vethctl_json({"list", "--output", "json"}); }
  json shown() const { return vethctl_json({"show", "a", "--output", "json"}); }

  const Container a{"a"};
  std::string host_interface;
};

TEST_F(Vethctl, ListsAttachments) {
  const auto outcome = vethctl({"list"});
  EXPECT_EQ(outcome.exit, 0) << outcome.err;
  for (const auto& part : {host_interface, std::string{"10.1.2.2/24 fd00:1:2::2/64"}, std::string{"live"}}) {
    EXPECT_TRUE(contains(outcome.out, part)) << part << " in\n" << outcome.out;
  }
  const auto attachments = listed();
  ASSERT_EQ(attachments.size(), 1U);
  EXPECT_EQ(attachments[0]["netns"], a.netns.path());
  EXPECT_EQ(attachments[0]["hostInterface"], host_interface);
  EXPECT_EQ(attachments[0]["hostIndex"], ip(Namespace::host(), {"link", "show", host_interface})[0]["ifindex"]);
}

TEST_F(Vethctl, ListsOneNetwork) {
  EXPECT_TRUE(contains(vethctl({"list", "net"}).out, host_interface));
  EXPECT_EQ(vethctl({"list", "other"}).exit, 1);
}

TEST_F(Vethctl, FindsTheAttachmentByAnyOfItsNames) {
  const auto path = a.netns.path();
  for (const auto& word : {std::string{"10.1.2.2"}, std::string{"FD00:1:2:0::2"}, std::string{"a/eth0"},
                           std::string{"a:eth0"}, host_interface, "host:" + host_interface, path, std::string{"net"}}) {
    for (const char* command : {"show", "list", "check"}) {
      const auto outcome = vethctl({command, word, "-o", "json"});
      EXPECT_FALSE(json::parse(outcome.out, nullptr, false).is_discarded()) << command << outcome.out;
      EXPECT_NE(outcome.exit, 2) << command << ' ' << word;
    }
    EXPECT_EQ(vethctl_json({"show", word, "-o", "json"})["container"], "a") << word;
    EXPECT_EQ(vethctl({"ls", word, "-q"}).out, "net/a/eth0\n") << word;
  }
}

TEST_F(Vethctl, ListsTheCandidatesOfAnAmbiguousName) {
  const Container b{"ab"};
  const Container c{"ac"};
  for (const auto* container : {&b, &c}) ASSERT_EQ(add(*container, dual_stack()).exit, 0);
  EXPECT_EQ(vethctl({"list", "a", "-q"}).out, "net/a/eth0\n");
  const auto outcome = vethctl({"show", "net"});
  EXPECT_EQ(outcome.exit, 2);
  EXPECT_NE(outcome.err.find("it matches net/a/eth0, net/ab/eth0, net/ac/eth0"), std::string::npos) << outcome.err;
  for (const auto* container : {&b, &c}) EXPECT_EQ(del(*container, dual_stack()).exit, 0);
}

TEST_F(Vethctl, PrintsAsciiInOtherLocales) {
  const auto graph = [](const std::string& locale) {
    return run({.argv = {executables() + "/vethctl", "graph"}, .environment = {"LC_ALL=" + locale}}).out;
  };
  EXPECT_TRUE(contains(graph("C"), "|- lo  fd00:1:2::1\n")) << graph("C");
  EXPECT_TRUE(contains(graph("C.UTF-8"), "├─ lo  fd00:1:2::1\n")) << graph("C.UTF-8");
}

TEST_F(Vethctl, ColoursOutputIfItIsWanted) {
  EXPECT_TRUE(contains(vethctl({"list", "--color", "always"}).out, "\x1b[32mlive\x1b[0m"));
  EXPECT_FALSE(contains(vethctl({"list"}).out, "\x1b"));
  EXPECT_FALSE(contains(vethctl({"list", "--color=always", "-o", "json"}).out, "\x1b"));
}

TEST_F(Vethctl, ListsNothingAfterDel) {
  ASSERT_EQ(del(a, dual_stack()).exit, 0);
  EXPECT_EQ(listed(), json::array());
}

TEST_F(Vethctl, ListsTheStateOfAnAttachment) {
  run_ip(Namespace::host(), {"link", "delete", host_interface});
  EXPECT_EQ(listed()[0]["state"], "broken");
  ASSERT_EQ(del(a, dual_stack()).exit, 0);
  ASSERT_EQ(add(a, dual_stack()).exit, 0);
  EXPECT_EQ(run({.argv = {"sh", "-c", "rm /run/veth-cni/*/net/live/*"}}).exit, 0);
  EXPECT_EQ(listed()[0]["state"], "unrecorded");
  EXPECT_EQ(listed()[0]["container"], "a");
}

TEST_F(Vethctl, ShowsBothEndsWithoutDifferences) {
  for (const auto& name : {std::string{"a"}, std::string{"net/a/eth0"}, host_interface}) {
    const auto outcome = vethctl({"show", name});
    EXPECT_EQ(outcome.exit, 0) << outcome.err;
    EXPECT_TRUE(outcome.out.ends_with("no differences\n")) << outcome.out;
  }
  const auto attachment = shown();
  EXPECT_EQ(attachment["wanted"]["attachment"]["container"], "a");
  EXPECT_EQ(attachment["kernel"]["container"]["peerIndex"], attachment["kernel"]["host"]["index"]);
}

TEST_F(Vethctl, ShowsManualChanges) {
  run_ip(a.netns, {"address", "delete", "10.1.2.2/24", "dev", "eth0"});
  EXPECT_EQ(shown()["differences"][0], "address 10.1.2.2/24 is missing on interface \"eth0\"");
}

// The kernel may send packets of its own at any time, so the counters of the two ends are not compared.
TEST_F(Vethctl, CountsPacketsAtBothEnds) {
  const auto before = shown()["counters"];
  ASSERT_TRUE(ping(a.netns, "10.1.2.1"));
  const auto after = shown()["counters"];
  for (const char* end : {"container", "host"}) {
    for (const char* direction : {"received", "sent"}) {
      EXPECT_GT(after[end][direction]["packets"], before[end][direction]["packets"]) << end << ' ' << direction;
      EXPECT_GT(after[end][direction]["bytes"], before[end][direction]["bytes"]) << end << ' ' << direction;
    }
  }
}

TEST_F(Vethctl, ReportsAnUnknownAttachment) {
  const auto outcome = vethctl({"show", "unknown"});
  EXPECT_EQ(outcome.exit, 1);
  EXPECT_EQ(outcome.err, "vethctl: there is no attachment \"unknown\"; known attachments: net/a/eth0\n");
}

TEST_F(Vethctl, DrawsTheNode) {
  EXPECT_TRUE(contains(vethctl({"graph"}).out, host_interface + "  ── eth0  a  net  10.1.2.2/24 fd00:1:2::2/64\n"));
  EXPECT_TRUE(contains(vethctl({"graph"}).out, "├─ lo  fd00:1:2::1\n"));
  EXPECT_TRUE(contains(vethctl({"graph", "--format", "svg"}).out, ">10.1.2.2/24</text>"));
  EXPECT_TRUE(contains(vethctl({"graph", "--format", "dot"}).out, "port0 -- space0_0 [label=\"net\"];"));
  EXPECT_TRUE(contains(vethctl({"graph", "--format", "mermaid"}).out, "port0 ---|\"net\"| space0_0"));
  EXPECT_EQ(vethctl_json({"graph", "--format", "json"})["gateways"][0], "fd00:1:2::1");
}

TEST_F(Vethctl, ChangesNothing) {
  const auto before = Snapshot::take();
  for (const auto& command : {"list", "graph"}) EXPECT_EQ(vethctl({command}).exit, 0);
  EXPECT_EQ(vethctl({"show", "a"}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST(VethctlOnAnEmptyNode, PrintsThatNothingIsAttached) {
  EXPECT_EQ(vethctl({"list"}).out, "no attachments\n");
  EXPECT_TRUE(contains(vethctl({"graph"}).out, "└─ no attachments\n"));
  EXPECT_EQ(vethctl({"show", "a"}).err, "vethctl: there is no attachment \"a\"; the node has no attachments\n");
}

}  // namespace
