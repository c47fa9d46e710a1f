// Mode ovs: no port is left, in whatever order things vanish, and no call waits longer than its limit.
#include "integration/support/ovs_fixture.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/state_folder.hpp"

#include <filesystem>
#include <thread>

namespace {

using namespace support;
using namespace std::chrono_literals;

class OvsTeardown : public OvsTest {
 protected:
  json attach(const Container& container) {
    const auto added = add(container, config);
    EXPECT_EQ(added.exit, 0) << added;
    return added.result;
  }

  void expect_deleted(const Container& container) {
    for (int again = 0; again < 2; ++again) {
      const auto deleted = del(container, config);
      EXPECT_EQ(deleted.exit, 0) << deleted;
    }
  }

  /// The kernel deletes the interfaces of a namespace some time after it.
  static void wait_until_gone(const std::string& interface) {
    for (int tries = 0; tries < 500 * slowness() && has_interface(Namespace::host(), interface); ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }

  void expect_nothing_left() {
    EXPECT_TRUE(ovs->ports().empty());
    EXPECT_FALSE(std::filesystem::exists(state_folder() + "/.ovs/orphans"));
    EXPECT_TRUE(unchanged_since(before));
  }
};

TEST_F(OvsTeardown, DeletesAgainWithoutAnError) {
  attach(a);
  expect_deleted(a);
  expect_nothing_left();
}

TEST_F(OvsTeardown, DeletesAfterTheNamespace) {
  attach(a);
  a.netns.remove();
  expect_deleted(a);
  expect_nothing_left();
}

TEST_F(OvsTeardown, DeletesAfterTheLink) {
  const auto result = attach(a);
  run_ip(Namespace::host(), {"link", "delete", host_interface_of(result)});
  expect_deleted(a);
  expect_nothing_left();
}

TEST_F(OvsTeardown, DeletesAfterThePort) {
  const auto result = attach(a);
  ovs->vsctl({"del-port", host_interface_of(result)});
  expect_deleted(a);
  expect_nothing_left();
}

TEST_F(OvsTeardown, DeletesAfterTheBridge) {
  attach(a);
  ovs->vsctl({"del-br", "br0"});
  expect_deleted(a);
  ovs->add_bridge("br0");
  EXPECT_TRUE(ovs->ports().empty());
}

TEST_F(OvsTeardown, DeletesWithoutTheRecord) {
  attach(a);
  std::filesystem::remove_all(state_root);
  expect_deleted(a);
  EXPECT_TRUE(ovs->ports().empty());
}

TEST_F(OvsTeardown, DeletesWithAnUnreadableRecord) {
  attach(a);
  for (const auto& file : std::filesystem::directory_iterator{state_folder() + "/net/live"}) {
    std::filesystem::resize_file(file.path(), 10);
  }
  expect_deleted(a);
  expect_nothing_left();
}

/// Without its stale port the container would lose every packet: ovs-vswitchd stays connected to the old interface.
TEST_F(OvsTeardown, AddsAgainAfterTheNamespaceWasDeleted) {
  const auto second = attach(b);
  attach(a);
  for (int round = 0; round < 5; ++round) {
    const auto first = add({.id = "replaced", .netns = Namespace{"r" + std::to_string(round)}}, config);
    ASSERT_EQ(first.exit, 0) << first;  // its namespace is deleted here, without DEL
    wait_until_gone(host_interface_of(first.result));
  }
  const Container last{.id = "replaced", .netns = Namespace{"last"}};
  const auto added = add(last, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(ping(last.netns, address_of(second, 4), 2));
  EXPECT_EQ(ovs->ports().size(), 3U);
}

TEST_F(OvsTeardown, DeliversPacketsAfterEachOfManyDelAndAdd) {
  const auto second = attach(b);
  for (int round = 0; round < 10; ++round) {
    attach(a);
    EXPECT_TRUE(ping(a.netns, address_of(second, 4))) << round;
    EXPECT_EQ(del(a, config).exit, 0);
  }
}

TEST_F(OvsTeardown, FailsAndLeavesNothingWithAHungDatabase) {
  ovs->stop_database();
  Answer added;
  const auto duration = time_of([&] { added = add(a, config); });
  EXPECT_EQ(code_of(added), 11) << added;
  EXPECT_NE(added.out.find("database of Open vSwitch"), std::string::npos) << added;
  EXPECT_LT(duration, longest(2s));
  EXPECT_TRUE(unchanged_since(before));
  ovs->resume();
  const auto second = attach(b);
  EXPECT_EQ(ovs->ports(), std::vector<std::string>{host_interface_of(second)});
}

TEST_F(OvsTeardown, DeletesWithAHungDatabaseAndRemovesThePortLater) {
  const auto first = attach(a);
  ovs->stop_database();
  Answer deleted;
  const auto duration = time_of([&] { deleted = del(a, config); });
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_LT(duration, longest(2700ms)) << "a second wait would take that long";
  EXPECT_FALSE(has_interface(Namespace::host(), host_interface_of(first)));
  ovs->resume();  // the database may execute now what DEL has requested
  const auto collected = gc(config, {});
  EXPECT_EQ(collected.exit, 0) << collected;
  expect_nothing_left();
}

TEST_F(OvsTeardown, DeletesWithoutADatabaseAndRemovesThePortWithTheNextAdd) {
  const auto first = attach(a);
  ovs->end_database();
  expect_deleted(a);
  EXPECT_EQ(code_of(add(b, config)), 11);
  ovs->start_database();
  const auto second = attach(b);
  EXPECT_EQ(ovs->ports(), std::vector<std::string>{host_interface_of(second)});
  expect_deleted(b);
  expect_nothing_left();
}

TEST_F(OvsTeardown, AddsAnAttachmentAgainWhosePortIsAnOrphan) {
  const auto second = attach(b);
  attach(a);
  ovs->end_database();
  expect_deleted(a);
  ovs->start_database();
  attach(a);
  EXPECT_TRUE(ping(a.netns, address_of(second, 4), 2));
  expect_deleted(a);
  expect_deleted(b);
  expect_nothing_left();
}

TEST_F(OvsTeardown, FailsIfTheSwitchDoesNotOpenTheInterface) {
  ovs->stop_switch();
  Answer added;
  const auto duration = time_of([&] { added = add(a, config); });
  EXPECT_EQ(code_of(added), 11) << added;
  EXPECT_LT(duration, longest(8s));
  ovs->resume();
  EXPECT_EQ(gc(config, {}).exit, 0) << "the port could not be removed before";
  expect_nothing_left();
}

TEST_F(OvsTeardown, NamesAMissingBridge) {
  config["bridge"] = "br7";
  const auto added = add(a, config);
  EXPECT_EQ(code_of(added), 7) << added;
  EXPECT_NE(added.out.find("Open vSwitch has no bridge"), std::string::npos) << added;
  expect_nothing_left();
}

/// A reboot: the database is kept, the state folder and the interfaces are not.
TEST_F(OvsTeardown, RemovesThePortsOfAnotherBootWithTheFirstAdd) {
  const auto first = attach(a);
  const auto second = attach(b);
  const auto port = host_interface_of(first);
  ovs->vsctl({"set", "port", port, "external_ids:node=01234567-89ab-cdef-0123-456789abcdef-1"});
  run_ip(Namespace::host(), {"link", "delete", port});
  std::filesystem::remove_all(state_root);
  const Container c{"c"};
  const auto third = attach(c);
  EXPECT_FALSE(has_port(first));
  EXPECT_TRUE(has_port(second)) << "its interface exists";
  EXPECT_TRUE(has_port(third));
}

TEST_F(OvsTeardown, LeavesThePortsOfOtherHostsAndOtherSoftware) {
  const auto first = attach(a);
  const auto own = ovs->vsctl({"get", "port", host_interface_of(first), "external_ids:node"});
  const auto boot = own.substr(1, own.rfind('-') - 1);
  ovs->vsctl({"add-port", "br0", "other", "--", "set", "interface", "other", "type=internal"});
  ovs->vsctl({"add-port", "br0", "guest", "--", "set", "interface", "guest", "type=internal", "--", "set", "port",
              "guest", "external_ids:owner=veth-cni", "external_ids:node=" + boot + "-99"});
  std::filesystem::remove_all(state_root);
  attach(b);
  EXPECT_EQ(gc(config, {}).exit, 0);
  EXPECT_EQ(ovs->ports(), (std::vector<std::string>{"guest", "other"}));
  ovs->vsctl({"del-port", "other"});
  ovs->vsctl({"del-port", "guest"});
}

TEST_F(OvsTeardown, CollectsWhatIsNotValid) {
  const auto first = attach(a);
  const auto second = attach(b);
  const auto collected = gc(config, {{"b"}});
  EXPECT_EQ(collected.exit, 0) << collected;
  EXPECT_FALSE(has_port(first));
  EXPECT_TRUE(has_port(second));
  expect_deleted(b);
  expect_nothing_left();
}

}  // namespace
