#include "plugin/vethctl/report/picture.hpp"
#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

using report::picture;

TEST(Picture, HasOneBoxForEachNamespace) {
  auto second = test::bridged("web", "cni0");
  second.identity.interface = "eth1";
  const auto drawing = picture({.hostname = "n", .attachments = {second, test::routed("web")}});
  ASSERT_EQ(drawing.spaces.size(), 1U);
  EXPECT_EQ(drawing.spaces[0].interfaces.size(), 2U);
  EXPECT_EQ(drawing.cables.size(), 2U);
}

TEST(Picture, CallsANamespaceByItsContainerWhicheverComesFirst) {
  auto cable = test::joined("a", "shared");
  auto attachment = test::routed("z");
  attachment.netns = "/run/netns/shared";
  const auto drawing = picture({.hostname = "n", .attachments = {cable, attachment}});
  ASSERT_EQ(drawing.spaces.size(), 2U);
  EXPECT_EQ(drawing.spaces[1].title, "z");
  EXPECT_EQ(drawing.spaces[1].subtitle, "shared");
}

TEST(Picture, HasRoutedCablesFirstAndThoseBetweenNamespacesLast) {
  const auto drawing = picture(test::small_node());
  ASSERT_EQ(drawing.cables.size(), 3U);
  EXPECT_EQ(drawing.cables[0].host_interface, "veth-web");
  EXPECT_EQ(drawing.cables[1].bridge, "cni0");
  EXPECT_TRUE(drawing.cables[2].other.has_value());
}

/// The host is there already, and no namespace beside it.
TEST(Picture, HasAPortOfTheHostForACableToIt) {
  auto cable = test::joined("red", "");
  cable.peer_netns = "/proc/self/ns/net";
  const auto drawing = picture({.hostname = "n", .attachments = {cable}});
  EXPECT_EQ(drawing.spaces.size(), 1U);
  ASSERT_EQ(drawing.cables.size(), 1U);
  EXPECT_FALSE(drawing.cables[0].other.has_value());
  EXPECT_EQ(drawing.cables[0].host_interface, "eth1 10.1.2.3/24");
}

TEST(Picture, HasNoCableForALease) {
  auto lease = test::routed("c");
  lease.host_interface.clear();
  const auto drawing = picture({.hostname = "n", .attachments = {lease}});
  EXPECT_EQ(drawing.spaces.size(), 1U);
  EXPECT_TRUE(drawing.cables.empty());
}

}  // namespace
