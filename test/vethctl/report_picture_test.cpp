#include "plugin/vethctl/report/picture.hpp"
#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

using report::picture;

TEST(Picture, HasOneBoxForEachNamespace) {
  auto second = test::bridged("web", "cni0");
  second.identity.interface = "eth1";
  const auto drawing = picture({.hostname = "n", .attachments = {second, test::routed("web")}});
  ASSERT_EQ(drawing.namespaces.size(), 1U);
  EXPECT_EQ(drawing.namespaces[0].interfaces.size(), 2U);
  EXPECT_EQ(drawing.pairs.size(), 2U);
}

TEST(Picture, TitlesANamespaceByItsContainerInAnyOrder) {
  auto pair = test::joined("a", "shared");
  auto attachment = test::routed("z");
  attachment.netns = "/run/netns/shared";
  const auto drawing = picture({.hostname = "n", .attachments = {pair, attachment}});
  ASSERT_EQ(drawing.namespaces.size(), 2U);
  EXPECT_EQ(drawing.namespaces[1].title, "z");
  EXPECT_EQ(drawing.namespaces[1].subtitle, "shared");
}

TEST(Picture, SortsRoutedPairsFirstAndPairsBetweenNamespacesLast) {
  const auto drawing = picture(test::small_node());
  ASSERT_EQ(drawing.pairs.size(), 3U);
  EXPECT_EQ(drawing.pairs[0].host_interface, "veth-web");
  EXPECT_EQ(drawing.pairs[1].bridge, "cni0");
  EXPECT_TRUE(drawing.pairs[2].other.has_value());
}

/// The host gets no second box.
TEST(Picture, HasAPortOnTheHostForAConnectionToTheHost) {
  auto pair = test::joined("red", "");
  pair.peer_netns = "/proc/self/ns/net";
  const auto drawing = picture({.hostname = "n", .attachments = {pair}});
  EXPECT_EQ(drawing.namespaces.size(), 1U);
  ASSERT_EQ(drawing.pairs.size(), 1U);
  EXPECT_FALSE(drawing.pairs[0].other.has_value());
  EXPECT_EQ(drawing.pairs[0].host_interface, "eth1 10.1.2.3/24");
}

TEST(Picture, HasNoPairForALease) {
  auto lease = test::routed("c");
  lease.host_interface.clear();
  const auto drawing = picture({.hostname = "n", .attachments = {lease}});
  EXPECT_EQ(drawing.namespaces.size(), 1U);
  EXPECT_TRUE(drawing.pairs.empty());
}

TEST(Picture, LimitsTheNumberOfPorts) {
  auto attachment = test::routed("c");
  for (int i = 1; i <= 5; ++i) attachment.ports.push_back(std::to_string(i) + ":80/tcp");
  EXPECT_EQ(report::format_services(attachment),
            (std::vector<std::string>{"port 1:80/tcp", "port 2:80/tcp", "port 3:80/tcp", "port 4:80/tcp",
                                      "and 1 more port"}));
}

}  // namespace
