#include "plugin/vethctl/report/tree.hpp"
#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

using test::wide;

TEST(Tree, ShowsTheWholeNode) {
  EXPECT_EQ(report::tree(test::small_node(), wide),
            "host node-1\n"
            "├─ lo  fd00::1\n"
            "├─ veth-web    ── eth0  web  net  10.1.2.2/24\n"
            "└─ bridge cni0  up 10.88.0.1/16\n"
            "   └─ veth-db  ── eth0  db   lan  10.1.2.2/24\n"
            "\n"
            "between namespaces\n"
            "└─ eth0 in red ── eth1 in blue  cable  10.1.2.2/24 ── 10.1.2.3/24\n");
}

TEST(Tree, ContinuesBranchesBesideWrappedLines) {
  auto node = test::small_node();
  node.attachments[1].addresses = {test::prefix("10.1.2.2/24"), test::prefix("fd00:1:2::2/64")};
  node.attachments.push_back(test::bridged("second", "cni0"));
  const auto text = report::tree(node, 50);
  EXPECT_NE(text.find("\n   ├─ veth-db      ── eth0  db      lan  10.1.2.\n   │          "), std::string::npos) << text;
}

TEST(Tree, ReportsThatThereAreNoAttachments) {
  EXPECT_EQ(report::tree({.hostname = "node-1"}, wide), "host node-1\n└─ no attachments\n");
}

TEST(Tree, PrintsStatesOtherThanLive) {
  const auto text =
      report::tree({.hostname = "n", .attachments = {test::in_state(test::routed("c"), inspect::State::broken)}}, wide);
  EXPECT_EQ(text, "host n\n└─ veth-c  ── eth0  c  net  10.1.2.2/24  broken\n");
}

TEST(Tree, ShowsAMissingBridge) {
  const auto text = report::tree({.hostname = "n", .attachments = {test::bridged("c", "br9")}}, wide);
  EXPECT_EQ(text, "host n\n└─ bridge br9  missing\n   └─ veth-c  ── eth0  c  lan  10.1.2.2/24\n");
}

TEST(Tree, ShowsLeasesForOtherPlugins) {
  auto lease = test::routed("c");
  lease.host_interface.clear();
  EXPECT_EQ(report::tree({.hostname = "n", .attachments = {lease}}, wide),
            "host n\n\nleases for other plugins\n└─ eth0  c  net  10.1.2.2/24\n");
}

TEST(Tree, ShowsMappedPortsAndRates) {
  const auto web = test::with_services(test::in_state(test::routed("web"), inspect::State::broken));
  EXPECT_EQ(report::tree({.hostname = "n", .attachments = {web}}, wide),
            "host n\n└─ veth-web  ── eth0  web  net  10.1.2.2/24  broken, port 8080:80/tcp, ingress 20 Mbit/s, "
            "egress 10 Mbit/s\n");
}

}  // namespace
