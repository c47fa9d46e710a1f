// sbr behind ptp: the gateways of the result can be next hops, also over IPv6.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/linked_plugins.hpp"
#include "integration/support/snapshot.hpp"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

TEST(SourceBasedRouting, WorksBehindADualStackNetworkOfModePtp) {
  if (!std::filesystem::exists(std::string{reference_plugins} + "/sbr")) GTEST_SKIP() << "NOT RUN: sbr is missing";
  const auto path = dropin::make_plugins();
  run_ip(Namespace::host(), {"address", "add", "2001:db8::7/128", "dev", "lo"});
  for (const char* plugin : {"ptp"}) {
    const Container container{"a"};
    json config{{"cniVersion", "1.0.0"},
                {"name", "pods"},
                {"type", plugin},
                {"ipam",
                 {{"type", "host-local"},
                  {"ranges", {{{{"subnet", "10.55.0.0/24"}}}, {{{"subnet", "fd55::/64"}}}}},
                  {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}}}};
    Call call{.command = "ADD",
              .container = "a",
              .netns = container.netns.path(),
              .config = config,
              .plugin = plugin,
              .path = path};
    const auto added = support::call(call);
    ASSERT_EQ(added.exit, 0) << added;
    Call after{.command = "ADD", .container = "a", .netns = container.netns.path(), .plugin = "sbr", .path = path};
    after.config = {{"cniVersion", "1.0.0"}, {"name", "pods"}, {"type", "sbr"}, {"prevResult", added.result}};
    const auto moved = support::call(after);
    ASSERT_EQ(moved.exit, 0) << plugin << moved;
    EXPECT_TRUE(ping(container.netns, "2001:db8::7", 3)) << plugin;
    call.config["prevResult"] = added.result;
    call.command = "CHECK";
    const auto checked = support::call(call);
    EXPECT_EQ(checked.exit, 0) << plugin << checked;
    call.command = "DEL";
    EXPECT_EQ(support::call(call).exit, 0);
  }
  run_ip(Namespace::host(), {"address", "del", "2001:db8::7/128", "dev", "lo"});
}

TEST(ReferenceBridge, ReportsTheInterfaceOfTheVlanBehindTheContainers) {
  const auto path = dropin::make_plugins();
  const Container container{"a"};
  json config{{"cniVersion", "1.0.0"},
              {"name", "vlans"},
              {"type", "bridge"},
              {"bridge", "br55"},
              {"isDefaultGateway", true},
              {"vlan", 100},
              {"ipam", {{"type", "host-local"}, {"subnet", "10.56.0.0/24"}}}};
  Call call{.command = "ADD",
            .container = "a",
            .netns = container.netns.path(),
            .config = config,
            .plugin = "bridge",
            .path = path};
  const auto added = support::call(call);
  if (code_of(added) == 2) GTEST_SKIP() << "NOT RUN: this kernel does not filter VLANs";
  ASSERT_EQ(added.exit, 0) << added;
  const auto& interfaces = added.result.at("interfaces");
  ASSERT_EQ(interfaces.size(), 4U) << added;
  EXPECT_EQ(interfaces.at(3).at("name"), "br55.100");
  EXPECT_EQ(interfaces.at(3).at("mac"), ip(Namespace::host(), {"link", "show", "dev", "br55.100"}).at(0).at("address"));
  call.config["prevResult"] = added.result;
  for (const char* command : {"CHECK", "DEL"}) {
    call.command = command;
    EXPECT_EQ(support::call(call).exit, 0) << command;
  }
  run_ip(Namespace::host(), {"link", "del", "br55.100"});
  run_ip(Namespace::host(), {"link", "del", "br55"});
}

}  // namespace
