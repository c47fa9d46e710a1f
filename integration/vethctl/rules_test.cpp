// vethctl and nftables rules: check and repair after a flush, clean when no container uses them.
#include "integration/support/call.hpp"
#include "integration/support/client.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/service.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"
#include "integration/support/sysctl.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

json with_port() {
  auto config = dual_stack();
  config["ipMasq"] = true;
  config["runtimeConfig"]["portMappings"] = {{{"hostPort", 8080}, {"containerPort", 80}, {"protocol", "tcp"}}};
  return config;
}

bool reaches_port() { return !seen_as(Namespace::host(), {Protocol::tcp, "127.0.0.1", 8080}).empty(); }

TEST(VethctlRules, AreReportedAndRestoredAfterAFlush) {
  const Container a{"a"};
  ASSERT_EQ(add(a, with_port()).exit, 0);
  const Service service{a.netns, 80};
  ASSERT_TRUE(reaches_port());
  ASSERT_EQ(run({.argv = {"nft", "flush", "ruleset"}}).exit, 0);
  EXPECT_FALSE(reaches_port());
  const auto checked = vethctl({"check"});
  EXPECT_EQ(checked.exit, 1);
  for (const char* missing :
       {"table inet veth_cni", "masquerading of 10.1.2.2", "port mapping 8080/tcp -> 10.1.2.2:80"}) {
    EXPECT_NE(checked.out.find(missing), std::string::npos) << missing << " in:\n" << checked.out;
  }
  EXPECT_EQ(vethctl({"repair"}).exit, 0);
  EXPECT_TRUE(reaches_port());
  EXPECT_EQ(vethctl({"repair"}).out, "nothing to restore\n");
}

TEST(VethctlRules, AreRestoredWithTheSettingsForLoopback) {
  const Container a{"a"};
  for (const auto* mode : {"ptp", "bridge"}) {
    auto config = with_port();
    config["mode"] = mode;
    config["isGateway"] = true;
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    const Service service{a.netns, 80};
    ASSERT_TRUE(reaches_port());
    const auto interface = config["mode"] == "ptp" ? host_interface_of(added.result) : "cni0";
    set_sysctl(Namespace::host(), "ipv4/conf/" + interface + "/route_localnet", "0");
    run_ip(Namespace::host(), {"-6", "route", "delete", "local", "::1", "dev", interface, "table", "local"});
    EXPECT_FALSE(reaches_port());
    const auto checked = vethctl({"check"}).out;
    EXPECT_NE(checked.find("route_localnet of interface \"" + interface + "\" is off"), std::string::npos) << checked;
    EXPECT_NE(checked.find("route local ::1 is missing on interface"), std::string::npos) << checked;
    EXPECT_EQ(vethctl({"repair"}).exit, 0);
    EXPECT_TRUE(reaches_port());
    EXPECT_EQ(vethctl({"repair"}).out, "nothing to restore\n");
    ASSERT_EQ(del(a, config).exit, 0);
  }
}

TEST(VethctlRules, AreListedAndShown) {
  const Container a{"a"};
  ASSERT_EQ(add(a, with_port()).exit, 0);
  const auto listed = json::parse(vethctl({"list", "--output", "json"}).out);
  EXPECT_EQ(listed.at(0).at("ports"), json({"8080:80/tcp"}));
  EXPECT_NE(vethctl({"list"}).out.find("8080:80/tcp"), std::string::npos);
  const auto shown = vethctl({"show", "a"}).out;
  for (const char* part : {"8080:80/tcp", "masquerade", "10.1.2.2 fd00:1:2::2"}) {
    EXPECT_NE(shown.find(part), std::string::npos) << part << " in:\n" << shown;
  }
}

TEST(VethctlRules, OfOneChainAreRestored) {
  const Container a{"a"};
  ASSERT_EQ(add(a, with_port()).exit, 0);
  const Service service{a.netns, 80};
  const auto listing = run({.argv = {"nft", "list", "ruleset"}}).out;
  for (const char* chain : {"port_mappings", "output", "port_sources", "networks", "guard", "postrouting"}) {
    ASSERT_EQ(run({.argv = {"nft", "flush", "chain", "inet", "veth_cni", chain}}).exit, 0);
    EXPECT_EQ(vethctl({"repair"}).exit, 0) << chain;
    EXPECT_TRUE(reaches_port()) << chain;
    EXPECT_EQ(run({.argv = {"nft", "list", "ruleset"}}).out, listing) << chain;
  }
}

TEST(VethctlRules, AreRecordedAgainAfterTheStateWasDeleted) {
  const auto before = Snapshot::take();
  const Container a{"a"};
  const auto config = with_port();
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  ASSERT_EQ(run({.argv = {"rm", "-r", state_root}}).exit, 0);
  EXPECT_EQ(vethctl({"repair"}).exit, 0);
  ASSERT_EQ(run({.argv = {"nft", "flush", "ruleset"}}).exit, 0);
  EXPECT_EQ(vethctl({"repair"}).exit, 0);
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  EXPECT_EQ(del(a, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST(VethctlOutput, IsJsonForEachCommandThatPrints) {
  const Namespace net0{"net0"};
  const Namespace net1{"net1"};
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"connect", "net0", "net1"},
                                                                                     {"list"},
                                                                                     {"show", "net0"},
                                                                                     {"graph"},
                                                                                     {"check"},
                                                                                     {"repair"},
                                                                                     {"gc"},
                                                                                     {"leases", "list"},
                                                                                     {"clean"},
                                                                                     {"disconnect", "net0"},
                                                                                     {"version"}}) {
    auto arguments = words;
    arguments.insert(arguments.end(), {"--output", "json"});
    EXPECT_TRUE(json::accept(vethctl(arguments).out)) << words.front();
  }
}

TEST(VethctlRules, AreRemovedWhenNoContainerUsesThem) {
  const Container a{"a"};
  ASSERT_EQ(add(a, with_port()).exit, 0);
  EXPECT_EQ(vethctl({"clean"}).out, "no unused rules\n");
  ASSERT_EQ(del(a, with_port()).exit, 0);
  EXPECT_EQ(vethctl({"clean"}).out, "removed unused rules\n");
  EXPECT_EQ(run({.argv = {"nft", "list", "ruleset"}}).out, "");
  EXPECT_EQ(vethctl({"clean", "--output", "json"}).out, "{\"removed\": false}\n");
}

TEST(VethctlRules, AreRestoredByAValidSystemdUnit) {
  if (run({.argv = {"sh", "-c", "command -v systemd-analyze"}}).exit != 0) {
    GTEST_SKIP() << "NOT RUN: systemd-analyze is not installed";
  }
  std::ifstream file{VETH_SOURCE_DIR "/conf/systemd/veth-cni-repair.service"};
  std::string unit{std::istreambuf_iterator<char>{file}, {}};
  const std::string installed = "=vethctl ";
  for (auto at = unit.find(installed); at != std::string::npos; at = unit.find(installed, at + 1)) {
    unit.replace(at, installed.size(), '=' + executables() + "/vethctl ");
  }
  std::ofstream{"/run/veth-cni-repair.service"} << unit;
  const auto verified = run({.argv = {"systemd-analyze", "verify", "--man=no", "/run/veth-cni-repair.service"}});
  EXPECT_EQ(verified.exit, 0) << verified.err;
  EXPECT_EQ(verified.err, "");
}

}  // namespace
