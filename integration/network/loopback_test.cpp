#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/snapshot.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

const json loopback_config{{"cniVersion", "1.0.0"}, {"name", "cni-loopback"}, {"type", "loopback"}};

Answer loopback(const char* command, const std::string& netns, const json& input = loopback_config) {
  return call(
      {.command = command, .container = "a", .netns = netns, .interface = "lo", .config = input, .plugin = "loopback"});
}

bool is_up(const Namespace& netns) {
  const auto links = ip(netns, {"link", "show", "dev", "lo"});
  return links.at(0).at("flags").dump().find("\"UP\"") != std::string::npos;
}

TEST(Loopback, SetsLoUpAndReturnsItsAddresses) {
  const Container container{"a"};
  const auto before = Snapshot::take();
  const auto added = loopback("ADD", container.netns.path());
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(added.result.at("interfaces"),
            json::array({{{"name", "lo"}, {"mac", "00:00:00:00:00:00"}, {"sandbox", container.netns.path()}}}));
  EXPECT_EQ(added.result.at("ips"),
            json::array({{{"interface", 0}, {"address", "127.0.0.1/8"}}, {{"interface", 0}, {"address", "::1/128"}}}));
  EXPECT_TRUE(is_up(container.netns));
  EXPECT_TRUE(ping(container.netns, "127.0.0.1"));
  EXPECT_TRUE(ping(container.netns, "::1"));
  EXPECT_TRUE(unchanged_since(before));
}

TEST(Loopback, ChecksThatLoIsUp) {
  const Container container{"a"};
  json checked = loopback_config;
  checked["prevResult"] = loopback("ADD", container.netns.path()).result;
  EXPECT_EQ(loopback("CHECK", container.netns.path(), checked).exit, 0);
  run_ip(container.netns, {"link", "set", "lo", "down"});
  EXPECT_EQ(loopback("CHECK", container.netns.path(), checked).exit, 1);
}

TEST(Loopback, SetsLoDownAndSucceedsWithoutANamespace) {
  Container container{"a"};
  const auto path = container.netns.path();
  ASSERT_EQ(loopback("ADD", path).exit, 0);
  EXPECT_EQ(loopback("DEL", path).exit, 0);
  EXPECT_FALSE(is_up(container.netns));
  EXPECT_EQ(loopback("DEL", path).exit, 0);
  EXPECT_EQ(loopback("DEL", "").exit, 0);
  container.netns.remove();
  EXPECT_EQ(loopback("DEL", path).exit, 0);
}

TEST(Loopback, ReturnsThePreviousResult) {
  const Container container{"a"};
  json chained = loopback_config;
  chained["prevResult"] = {{"cniVersion", "1.0.0"},
                           {"interfaces", json::array({{{"name", "eth0"}, {"sandbox", container.netns.path()}}})}};
  const auto added = loopback("ADD", container.netns.path(), chained);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(added.result.at("interfaces").at(0).at("name"), "eth0");
  EXPECT_TRUE(is_up(container.netns));
}

TEST(Loopback, DoesNotChangeLoOfTheHost) {
  const auto host = Namespace::host();
  const auto before = Snapshot::take();
  loopback("DEL", host.path());
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
