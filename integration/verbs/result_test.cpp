// VERSION, and the format of the result in every version of the specification.
#include "integration/support/call.hpp"
#include "integration/support/networks.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

TEST(VersionVerb, EchoesTheRequestedVersion) {
  for (const char* plugin : {"veth", "veth-ipam", "loopback"}) {
    const auto answer = call({.command = "VERSION", .config = {{"cniVersion", "1.0.0"}}, .plugin = plugin});
    EXPECT_EQ(answer.exit, 0) << answer;
    EXPECT_EQ(answer.result,
              (json{{"cniVersion", "1.0.0"},
                    {"supportedVersions", {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"}}}))
        << plugin;
  }
}

TEST(VersionOption, PrintsToStandardError) {
  for (const char* plugin : {"veth", "veth-ipam", "loopback"}) {
    const auto outcome = run({.argv = {executables() + "/" + plugin, "--version"}});
    EXPECT_EQ(outcome.exit, 0) << plugin;
    EXPECT_EQ(outcome.out, "") << plugin;
    EXPECT_TRUE(outcome.err.starts_with("CNI " + std::string{plugin} + " plugin v")) << outcome.err;
  }
}

Answer add_in_version(const Container& container, const char* version) {
  json config = dual_stack();
  config["cniVersion"] = version;
  return add(container, config);
}

TEST(ResultFormat, HasIp4AndIp6BeforeVersion0_3) {
  for (const char* version : {"0.1.0", "0.2.0"}) {
    const Container a{"a"};
    const auto added = add_in_version(a, version);
    ASSERT_EQ(added.exit, 0) << added;
    const auto address4 = added.result.at("ip4").at("ip").get<std::string>();
    EXPECT_TRUE(address4.starts_with("10.1.2.") && address4.ends_with("/24")) << added;
    EXPECT_EQ(added.result.at("ip4").at("gateway"), "10.1.2.1");
    EXPECT_EQ(added.result.at("ip4").at("routes").at(0).at("dst"), "0.0.0.0/0");
    EXPECT_EQ(added.result.at("ip6").at("gateway"), "fd00:1:2::1");
    EXPECT_EQ(added.result.at("cniVersion"), version);
    EXPECT_FALSE(added.result.contains("interfaces")) << added;
    EXPECT_EQ(del(a, {{"cniVersion", version}, {"name", "net"}, {"type", "veth"}}).exit, 0);
  }
}

TEST(ResultFormat, HasTheFamilyOfAnAddressBeforeVersion1_0) {
  for (const char* version : {"0.3.0", "0.3.1", "0.4.0"}) {
    const Container a{"a"};
    const auto added = add_in_version(a, version);
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_EQ(added.result.at("cniVersion"), version);
    EXPECT_EQ(added.result.at("ips").at(0).at("version"), "4");
    EXPECT_EQ(added.result.at("ips").at(1).at("version"), "6");
    EXPECT_EQ(added.result.at("interfaces").size(), 2U);
    EXPECT_FALSE(added.result.at("interfaces").at(1).contains("mtu")) << added;
    EXPECT_EQ(del(a, {{"cniVersion", version}, {"name", "net"}, {"type", "veth"}}).exit, 0);
  }
}

TEST(ResultFormat, ContainsMtuSinceVersion1_1) {
  for (const std::string version : {"1.0.0", "1.1.0"}) {
    const Container a{"a"};
    const auto added = add_in_version(a, version.c_str());
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_EQ(added.result.at("cniVersion"), version);
    EXPECT_FALSE(added.result.at("ips").at(0).contains("version")) << added;
    EXPECT_EQ(added.result.at("interfaces").at(1).value("mtu", 0), version == "1.1.0" ? 1500 : 0) << added;
    EXPECT_EQ(del(a, {{"cniVersion", version}, {"name", "net"}, {"type", "veth"}}).exit, 0);
  }
}

TEST(ResultFormat, DefaultsToVersion0_1_0) {
  json config = ipv4_only();
  config.erase("cniVersion");
  const Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(added.result.at("cniVersion"), "0.1.0");
  EXPECT_EQ(added.result.at("ip4").at("ip"), "10.1.2.2/24");
}

// The result of an earlier plugin of the chain is kept. Our interfaces are appended, and their indexes shifted.
TEST(ResultFormat, AppendsToThePreviousResult) {
  json config = dual_stack();
  config["prevResult"] = {{"cniVersion", "1.0.0"},
                          {"interfaces", json::array({{{"name", "other0"}, {"sandbox", "/run/netns/x"}}})},
                          {"ips", json::array({{{"interface", 0}, {"address", "192.0.2.2/24"}}})}};
  const Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  ASSERT_EQ(added.result.at("interfaces").size(), 3U) << added;
  EXPECT_EQ(added.result.at("interfaces").at(0).at("name"), "other0");
  ASSERT_EQ(added.result.at("ips").size(), 3U) << added;
  EXPECT_EQ(added.result.at("ips").at(0).at("interface"), 0);
  EXPECT_EQ(added.result.at("ips").at(1).at("interface"), 2);
}

}  // namespace
