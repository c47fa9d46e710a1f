// vethctl connect that fails: everything that it has created is removed, and what existed before stays.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/snapshot.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;
using Texts = std::vector<std::string>;

class VethctlConnectRollback : public testing::Test {
 protected:
  Snapshot before = Snapshot::take();
  Namespace net0{"net0"};
  Namespace net1{"net1"};
};

/// The output of the shell, in which $vethctl is the executable.
Outcome connect_in_shell(const std::string& script) {
  return run({.argv = {"bash", "-c", script}, .environment = {"vethctl=" + executables() + "/vethctl"}});
}

TEST_F(VethctlConnectRollback, RemovesTheBridgeIfTheInterfaceNameIsTaken) {
  run_ip(net0, {"link", "add", "eth0", "type", "bridge"});
  const auto refused = vethctl({"connect", "net0", "bridge:brz"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_NE(refused.err.find("eth0"), std::string::npos) << refused.err;
  EXPECT_FALSE(has_interface(Namespace::host(), "brz"));
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlConnectRollback, RemovesTheBridgeAfterEachRefusal) {
  ASSERT_EQ(vethctl({"connect", "net1", "bridge:other", "--address", "10.7.0.1/24"}).exit, 0);
  run_ip(net0, {"address", "add", "10.8.0.1/24", "dev", "lo"});
  for (const auto& words : {Texts{"net9", "bridge:brz"}, Texts{"net0", "bridge:brz", "--address", "10.8.0.1/24"},
                            Texts{"net0", "bridge:brz", "--ifname", "lo"}}) {
    auto all = words;
    all.insert(all.begin(), "connect");
    EXPECT_NE(vethctl(all).exit, 0) << words.back();
    EXPECT_FALSE(has_interface(Namespace::host(), "brz") || has_interface(net0, "eth0")) << words.back();
  }
  ASSERT_EQ(vethctl({"disconnect", "net1"}).exit, 0);
  run_ip(Namespace::host(), {"link", "delete", "other"});
  EXPECT_TRUE(unchanged_since(before));
}

/// The connection exists already when the answer is printed.
TEST_F(VethctlConnectRollback, RemovesTheConnectionIfItCannotPrintTheAnswer) {
  for (const auto* other : {"bridge:brz", "net1", "host"}) {
    const auto refused = connect_in_shell(std::string{"\"$vethctl\" connect net0 "} + other + " > /dev/full");
    EXPECT_EQ(refused.exit, 1) << other << refused.err;
    EXPECT_FALSE(has_interface(Namespace::host(), "brz")) << other;
    EXPECT_FALSE(has_interface(net0, "eth0")) << other;
    EXPECT_EQ(ip(net0, {"link", "show", "lo"}).at(0).at("operstate"), "DOWN") << other;
    EXPECT_TRUE(unchanged_since(before)) << other;
  }
}

TEST_F(VethctlConnectRollback, KeepsABridgeThatExistedBefore) {
  run_ip(Namespace::host(), {"link", "add", "brz", "type", "bridge"});
  run_ip(Namespace::host(), {"link", "set", "brz", "up"});
  const auto index = ip(Namespace::host(), {"link", "show", "brz"}).at(0).at("ifindex");
  run_ip(net0, {"link", "add", "eth0", "type", "bridge"});
  EXPECT_EQ(vethctl({"connect", "net0", "bridge:brz"}).exit, 1);
  EXPECT_EQ(ip(Namespace::host(), {"link", "show", "brz"}).at(0).at("ifindex"), index);
  run_ip(Namespace::host(), {"link", "delete", "brz"});
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlConnectRollback, KeepsABridgeWithThePortsOfOthers) {
  ASSERT_EQ(vethctl({"connect", "net1", "bridge:brz"}).exit, 0);
  run_ip(net0, {"link", "add", "eth0", "type", "bridge"});
  EXPECT_EQ(vethctl({"connect", "net0", "bridge:brz"}).exit, 1);
  EXPECT_EQ(ip(Namespace::host(), {"link", "show", "master", "brz"}).size(), 1U);
  ASSERT_EQ(vethctl({"disconnect", "net1"}).exit, 0);
  run_ip(Namespace::host(), {"link", "delete", "brz"});
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
