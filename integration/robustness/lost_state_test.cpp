// The state folder was deleted: the verbs use what the kernel has, and vethctl repair writes the records again from it.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/nftables.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"

#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

namespace {

using namespace support;

json bridge_with_hairpin() {
  json config = dual_stack();
  config["mode"] = "bridge";
  config["isDefaultGateway"] = true;
  config["hairpinMode"] = true;
  config["ipam"] = veth_ipam({"10.7.0.0/24", "fd00:7::/64"});
  config["ipam"].erase("routes");
  return config;
}

struct NamedNetwork {
  std::string name;
  json config;
};

std::ostream& operator<<(std::ostream& stream, const NamedNetwork& network) { return stream << network.name; }

/// Containers a and b are attached, and the state folder was deleted.
class LostState : public testing::TestWithParam<NamedNetwork> {
 protected:
  void SetUp() override {
    if (GetParam().name == "bridge") {  // the bridge stays after DEL
      ASSERT_EQ(add(a, config).exit, 0);
      ASSERT_EQ(del(a, config).exit, 0);
    }
    std::filesystem::create_directories("/run/test/net.d");
    std::ofstream{"/run/test/net.d/10-net.conf"} << config;
    before = Snapshot::take();
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    result = added.result;
    ASSERT_EQ(add(b, config).exit, 0);
    std::filesystem::remove_all(state_root);
  }
  void TearDown() override { EXPECT_TRUE(unchanged_since(before)); }

  json config = GetParam().config;
  Container a{"a"};
  Container b{"b"};
  Snapshot before;
  json result;
};

TEST_P(LostState, DoesNotPreventDel) {
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
  EXPECT_TRUE(has_interface(b.netns, "eth0"));
  EXPECT_EQ(del(b, config, result).exit, 0);
}

TEST_P(LostState, DoesNotPreventCheck) {
  const auto checked = check(a, config, result);
  EXPECT_EQ(checked.exit, 0) << checked;
  run_ip(a.netns, {"address", "flush", "dev", "eth0"});
  EXPECT_EQ(code_of(check(a, config, result)), 104);
  EXPECT_EQ(gc(config, {}).exit, 0);
}

TEST_P(LostState, DoesNotPreventGc) {
  const auto collected = gc(config, {{"b"}});
  EXPECT_EQ(collected.exit, 0) << collected;
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
  EXPECT_TRUE(has_interface(b.netns, "eth0"));
  EXPECT_EQ(gc(config, {}).exit, 0);
}

TEST_P(LostState, IsRestoredByRepair) {
  const auto planned = vethctl({"repair", "--dry-run", "--conf-dir", "/run/test/net.d"});
  EXPECT_FALSE(std::filesystem::exists(state_root)) << planned.out;
  const auto repaired = vethctl({"repair", "--conf-dir", "/run/test/net.d"});
  EXPECT_EQ(repaired.exit, 0) << repaired.err << repaired.out;
  const auto expected = "net/a/eth0: " + address_of(result, 4) + ", " + address_of(result, 6) + ": record restored\n";
  EXPECT_NE(repaired.out.find(expected), std::string::npos) << repaired.out;
  EXPECT_EQ(vethctl({"repair", "--conf-dir", "/run/test/net.d"}).out, "nothing to restore\n");
  EXPECT_EQ(vethctl({"check", "--conf-dir", "/run/test/net.d"}).exit, 0) << vethctl({"check"}).out;
  EXPECT_EQ(check(a, config, result).exit, 0) << check(a, config, result);
  const Container c{"c"};
  const auto added = add(c, config);
  EXPECT_NE(address_of(added.result, 4), address_of(result, 4)) << added;
  EXPECT_TRUE(ping(c.netns, address_of(result, 6))) << added;
  for (const Container* container : {&std::as_const(a), &std::as_const(b), &c})
    EXPECT_EQ(del(*container, config).exit, 0) << container->id;
}

/// A record that repair has written contains all that a later repair needs.
TEST_P(LostState, IsRestoredCompletely) {
  ASSERT_EQ(vethctl({"repair", "--conf-dir", "/run/test/net.d"}).exit, 0);
  run_ip(a.netns, {"link", "set", "eth0", "down"});
  run_ip(a.netns, {"address", "flush", "dev", "eth0"});
  EXPECT_EQ(vethctl({"repair", "--conf-dir", "/run/test/net.d"}).exit, 0);
  EXPECT_TRUE(ping(a.netns, gateway_of(result, 4)) && ping(a.netns, gateway_of(result, 6)));
  for (const auto* container : {&a, &b}) EXPECT_EQ(del(*container, config).exit, 0) << container->id;
}

/// The namespace has no path below /run/netns.
TEST_P(LostState, IsRestoredWithTheNamespaceOfAProcess) {
  const auto sleeper = run({.argv = {"sh", "-c", "sleep 30 >/dev/null 2>&1 & echo $!"}, .inside = &a.netns});
  const auto process = sleeper.out.substr(0, sleeper.out.find('\n'));
  a.netns.remove();
  const auto repaired = vethctl({"repair", "--conf-dir", "/run/test/net.d"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out;
  const auto listed = json::parse(vethctl({"list", "--output", "json"}).out);
  EXPECT_EQ(listed.at(0).at("netns"), "/proc/" + process + "/ns/net");
  EXPECT_EQ(gc(config, {}).exit, 0);
  run({.argv = {"kill", process}});
}

/// Only its alias identifies the device.
TEST(LostStateOfARateLimit, LeavesNoRenamedIfb) {
  auto config = in_mode("ptp");
  config["runtimeConfig"]["bandwidth"] = {{"egressRate", 1000000}, {"egressBurst", 100000}};
  const auto before = Snapshot::take();
  const Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto ifb = "ifb" + host_interface_of(added.result).substr(std::string{"veth"}.size());
  run_ip(Namespace::host(), {"link", "set", ifb, "down"});
  run_ip(Namespace::host(), {"link", "set", ifb, "name", "other0"});
  std::filesystem::remove_all(state_root);
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_FALSE(has_interface(Namespace::host(), "other0"));
  EXPECT_TRUE(unchanged_since(before));
}

/// The new container gets the address to which the mapped port of the other one leads.
TEST(LostStateOfAMappedPort, DoesNotLeadIntoANewContainer) {
  auto config = in_mode("ptp");
  auto mapped = config;
  mapped["runtimeConfig"]["portMappings"] = {{{"hostPort", 8080}, {"containerPort", 80}, {"protocol", "tcp"}}};
  std::string host_end;
  {
    const Container gone{"gone"};
    const auto added = add(gone, mapped);
    ASSERT_EQ(added.exit, 0) << added;
    ASSERT_FALSE(own_elements().empty());
    host_end = host_interface_of(added.result);
  }
  while (has_interface(Namespace::host(), host_end)) std::this_thread::yield();  // the kernel removes it later
  std::filesystem::remove_all(state_root);
  const Container next{"next"};
  ASSERT_EQ(add(next, config).exit, 0);
  EXPECT_TRUE(own_elements().empty());
  EXPECT_EQ(del(next, config).exit, 0);
}

INSTANTIATE_TEST_SUITE_P(Of, LostState,
                         testing::Values(NamedNetwork{"ptp", dual_stack()},
                                         NamedNetwork{"bridge", bridge_with_hairpin()}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
