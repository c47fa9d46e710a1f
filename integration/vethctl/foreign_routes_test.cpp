// vethctl check and repair with routes and rules of other software: the finding names the route and the command that
// removes it, and after this command everything is restored.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

json findings_of_check() {
  const std::string conf_dir = "/run/test/net.d";
  std::filesystem::create_directories(conf_dir);
  std::ofstream{conf_dir + "/10-net.conf"} << dual_stack();
  const auto outcome = vethctl({"check", "--conf-dir", conf_dir, "--output", "json"});
  EXPECT_EQ(outcome.err, "");
  return json::parse(outcome.out);
}

void shell(const std::string& commands) {
  const auto outcome = run({.argv = {"sh", "-ec", commands}});
  ASSERT_EQ(outcome.exit, 0) << commands << '\n' << outcome.err;
}

/// Container a in namespace a, and another interface of the host.
class VethctlForeignRoutes : public testing::Test {
 protected:
  void SetUp() override {
    shell("ip link add up0 type veth peer name up1");
    for (const auto* end : {"up0", "up1"}) bring_up_without_address(Namespace::host(), end);
    before = Snapshot::take();
  }

  /// Runs `damage`; the first finding has to name `route`, and repair must refuse with the same command. After the
  /// command of the finding and a repair nothing is reported.
  void expect_named(const std::string& damage, const std::string& route) const {
    SCOPED_TRACE(damage);
    shell(damage);
    const auto found = findings_of_check();
    ASSERT_EQ(found.size(), 1U) << found.dump(2);
    EXPECT_NE(found[0]["what"].get<std::string>().find(": " + route), std::string::npos) << found.dump(2);
    const auto remedy = found[0]["remedy"].get<std::string>();
    const auto command = remedy.substr(0, remedy.find(", then vethctl repair"));
    const auto refused = vethctl({"repair"});
    EXPECT_EQ(refused.exit, 1) << refused.out;
    EXPECT_NE(refused.out.find("Remove it: " + command + ", then"), std::string::npos) << refused.out;
    EXPECT_EQ(vethctl({"repair", "--dry-run"}).exit, 1);
    shell(command);
    EXPECT_EQ(vethctl({"repair"}).exit, 0);
    EXPECT_EQ(findings_of_check(), json::array());
  }

  Container a{"a"};
  Snapshot before = Snapshot::take();
};

TEST_F(VethctlForeignRoutes, AreNamedInModePtp) {
  ASSERT_EQ(add(a, dual_stack()).exit, 0);
  expect_named("ip route replace 10.1.2.2/32 dev up0", "10.1.2.2/32 dev up0 table main proto boot");
  expect_named("ip route prepend 10.1.2.2/32 dev up0 proto static", "10.1.2.2/32 dev up0 table main proto static");
  expect_named("ip -6 route replace fd00:1:2::2/128 dev up0",
               "fd00:1:2::2/128 dev up0 table main proto boot metric 1024");
  expect_named("ip -6 route add fd00:1:2::2/128 dev up0 metric 5",
               "fd00:1:2::2/128 dev up0 table main proto boot metric 5");
  for (const std::string type : {"blackhole", "unreachable", "prohibit"}) {
    expect_named("ip route replace " + type + " 10.1.2.2/32", type + " 10.1.2.2/32 table main proto boot");
    expect_named("ip -6 route replace " + type + " fd00:1:2::2/128",
                 type + " fd00:1:2::2/128 table main proto boot metric 1024");
  }
  EXPECT_EQ(del(a, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlForeignRoutes, AreNamedInModeBridge) {
  json config = dual_stack();
  config["mode"] = "bridge";
  config["isDefaultGateway"] = true;
  ASSERT_EQ(add(a, config).exit, 0);
  expect_named("ip route add 10.1.2.2/32 dev up0", "10.1.2.2/32 dev up0 table main proto boot");
  expect_named("ip route add blackhole 10.1.2.2/32 metric 7", "blackhole 10.1.2.2/32 table main proto boot metric 7");
  EXPECT_EQ(del(a, config).exit, 0);
}

TEST_F(VethctlForeignRoutes, AreNamedInATableThatARuleSelects) {
  ASSERT_EQ(add(a, dual_stack()).exit, 0);
  shell("ip rule add to 10.1.2.2 lookup 100 pref 50; ip route add 10.1.0.0/16 dev up0 table 100");
  const auto found = findings_of_check();
  ASSERT_EQ(found.size(), 2U) << found.dump(2);
  EXPECT_EQ(found[0]["remedy"], "ip route del 10.1.0.0/16 dev up0 table 100 proto boot, then vethctl repair");
  EXPECT_EQ(found[1]["remedy"], "if it is not intended: ip rule del from all to 10.1.2.2/32 pref 50");
  shell("ip route del 10.1.0.0/16 dev up0 table 100 proto boot; ip rule del from all to 10.1.2.2/32 pref 50");
  EXPECT_EQ(findings_of_check(), json::array());
  EXPECT_EQ(del(a, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlForeignRoutes, AreNamedInsideTheContainer) {
  ASSERT_EQ(add(a, dual_stack()).exit, 0);
  run_ip(a.netns, {"route", "prepend", "blackhole", "0.0.0.0/0"});
  run_ip(a.netns, {"rule", "add", "from", "10.1.2.2", "lookup", "55", "pref", "50"});
  const auto found = findings_of_check();
  ASSERT_EQ(found.size(), 2U) << found.dump(2);
  EXPECT_EQ(found[0]["severity"], "fault");
  EXPECT_EQ(found[0]["remedy"],
            "nsenter --net=" + a.netns.path() + " ip route del blackhole 0.0.0.0/0 table main proto boot");
  EXPECT_EQ(found[1]["severity"], "note");
  shell(found[0]["remedy"].get<std::string>());
  run_ip(a.netns, {"rule", "del", "pref", "50"});
  EXPECT_EQ(findings_of_check(), json::array());
  EXPECT_EQ(del(a, dual_stack()).exit, 0);
}

TEST_F(VethctlForeignRoutes, DoNotPreventFoldingOfAnInterfaceThatIsDown) {
  ASSERT_EQ(add(a, dual_stack()).exit, 0);
  run_ip(a.netns, {"link", "set", "eth0", "down"});
  const auto found = findings_of_check();
  ASSERT_EQ(found.size(), 1U) << found.dump(2);
  EXPECT_EQ(found[0]["what"], "interface \"eth0\" is down");
  EXPECT_FALSE(found[0]["consequences"].empty());
  EXPECT_EQ(vethctl({"repair"}).exit, 0);
  EXPECT_EQ(findings_of_check(), json::array());
  EXPECT_EQ(del(a, dual_stack()).exit, 0);
}

}  // namespace
