#include "plugin/attachment/bridge_change.hpp"

#include "plugin/attachment/footprints.hpp"
#include "test/verbs/network.hpp"

#include <cerrno>

namespace {

using Prefixes = std::vector<cni::Prefix>;

/// A network in mode bridge, whose bridge has the gateways of the first container.
class BridgeChange : public test::NetworkTest {
 protected:
  void SetUp() override {
    config.mode = cni::Mode::bridge;
    config.bridge = {.name = "br0", .is_gateway = true};
    kernel.errors["build_after_links"] = EPERM;
  }

  void fail() { EXPECT_EQ(error_of_add("c1"), "build_after_links: Operation not permitted"); }
  Prefixes on_bridge() { return kernel.bridge_addresses["br0"]; }

  const Prefixes gateways{test::prefix("10.1.2.1/29"), test::prefix("fd00::1/125")};
};

TEST_F(BridgeChange, IsRevertedWhenTheAddFails) {
  fail();
  EXPECT_EQ(on_bridge(), Prefixes{});
  expect_nothing_left();
  kernel.errors.clear();
  add("c1");
  EXPECT_EQ(on_bridge(), gateways);
}

TEST_F(BridgeChange, IsKeptByADel) {
  kernel.errors.clear();
  add("c1");
  attachment::BestEffort effort;
  attachment::tear_down({attachment::footprint_of(record("c1"))}, {.kernel = &kernel, .folder = &folder}, effort);
  EXPECT_EQ(on_bridge(), gateways);
}

TEST_F(BridgeChange, KeepsAnAddressThatTheAddHasNotAdded) {
  kernel.bridge_addresses["br0"] = {gateways.front()};
  fail();
  EXPECT_EQ(on_bridge(), Prefixes{gateways.front()});
}

/// The record of another ADD is written before that ADD looks for the gateway on the bridge.
TEST_F(BridgeChange, KeepsAGatewayThatAnotherAttachmentNeeds) {
  kernel.before_build = [&] {
    leave_killed_add("c2", {"10.1.2.6"}, {.bridge = wiring::Bridge{.name = "br0", .gateways = {gateways.front()}}});
    leave_killed_add("c3", {"10.1.2.5"}, {.bridge = wiring::Bridge{.name = "br1", .gateways = gateways}});
  };
  fail();
  EXPECT_EQ(on_bridge(), Prefixes{gateways.front()});
}

TEST_F(BridgeChange, AddsAGatewayAgainThatAnAddNeedsMeanwhile) {
  kernel.after_revert = [&] {
    leave_killed_add("c2", {"10.1.2.6"}, {.bridge = wiring::Bridge{.name = "br0", .gateways = {gateways.back()}}});
  };
  fail();
  EXPECT_EQ(on_bridge(), Prefixes{gateways.back()});
}

/// The addresses that forceAddress has replaced return with the failure, but not beside a gateway that is kept.
TEST_F(BridgeChange, RestoresReplacedAddresses) {
  const auto replaced = test::prefix("10.9.9.1/24");
  wiring::Footprint footprint{.tag = tag("c1"), .bridge_change = {"br0", {gateways.front()}, {replaced}}};
  const attachment::Node node{.kernel = &kernel, .folder = &folder};
  kernel.bridge_addresses["br0"] = {gateways.front()};
  attachment::revert_bridge_change(footprint, node);
  EXPECT_EQ(on_bridge(), Prefixes{replaced});
  kernel.bridge_addresses["br0"] = {gateways.front()};
  leave_killed_add("c2", {"10.1.2.6"}, {.bridge = wiring::Bridge{.name = "br0", .gateways = {gateways.front()}}});
  attachment::revert_bridge_change(footprint, node);
  EXPECT_EQ(on_bridge(), Prefixes{gateways.front()});
}

/// The record names what the next call has to remove.
TEST_F(BridgeChange, KeepsTheRecordIfItCannotBeReverted) {
  kernel.errors["revert_bridge_change"] = EPERM;
  fail();
  EXPECT_TRUE(has_record("c1"));
}

}  // namespace
