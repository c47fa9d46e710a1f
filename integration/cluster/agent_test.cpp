// veth-node run: nodes are network namespaces on a bridge, with the store on the bridge.
#include "integration/cluster/support/agent_node.hpp"
#include "integration/support/slowness.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>

namespace {

using namespace cluster_support;
using namespace std::chrono_literals;
using testing::HasSubstr;

class AgentTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = StoreServer::why_missing(); !reason.empty()) GTEST_SKIP() << reason;
    make_underlay();
    server.emplace();
    a.emplace(1);
    b.emplace(2);
  }

  void start_both() {
    a->start();
    b->start();
    ASSERT_TRUE(becomes_true([&] { return a->has_routes_to(*b) && b->has_routes_to(*a); })) << a->log() << b->log();
  }

  std::optional<StoreServer> server;
  std::optional<AgentNode> a;
  std::optional<AgentNode> b;
};

TEST_F(AgentTest, ConnectsTwoNodes) {
  start_both();
  ASSERT_TRUE(becomes_true([&] { return !a->conflist().empty(); })) << a->log();
  const auto list = json::parse(a->conflist());
  EXPECT_EQ(list["plugins"][0]["ipam"]["pool"], "default");
  EXPECT_EQ(list["plugins"][0]["ipMasqExcept"], json::parse(pool_of_tests)["cidrs"]);
  EXPECT_TRUE(becomes_true([&] { return a->get("/healthz") == "ok\n"; })) << a->get("/healthz");
  EXPECT_THAT(a->get("/metrics"), HasSubstr("veth_node_nodes 2\n"));
  EXPECT_THAT(a->get("/metrics"), HasSubstr("veth_node_blocks{pool=\"default\"} 1\n"));
}

TEST_F(AgentTest, LeavesTheNetworkAsItIsWhenItEnds) {
  start_both();
  const auto routes = a->ip_output({"route"});
  const auto hops = a->ip_output({"nexthop"});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(a->kill(SIGTERM), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s * support::slowness());
  EXPECT_EQ(a->ip_output({"route"}), routes);
  a->start();
  EXPECT_TRUE(becomes_true([&] { return a->get("/healthz") == "ok\n"; })) << a->log();
  EXPECT_EQ(a->ip_output({"route"}), routes);
  EXPECT_EQ(a->ip_output({"nexthop"}), hops);
}

/// In the first second after a change, the snapshot does not contain it yet.
TEST_F(AgentTest, WritesTheSnapshotWhenItEnds) {
  start_both();
  const auto block = *b->client.blocks().begin();
  EXPECT_EQ(b->kill(SIGKILL), 128 + SIGKILL);
  EXPECT_EQ(a->kill(SIGTERM), 0);
  EXPECT_THAT(read_text(a->client.folder() + "/run/snapshot.json"), HasSubstr("/" + block + "\":"));
}

TEST_F(AgentTest, LeavesNothingAfterClean) {
  start_both();
  a->kill(SIGTERM);
  const auto cleaned =
      run({.argv = {"nsenter", "--net=/run/netns/" + a->client.name(), executables() + "/veth-node", "clean"}});
  EXPECT_EQ(cleaned, Outcome{});
  for (const auto* family : {"-4", "-6"}) EXPECT_EQ(a->ip_output({family, "route", "show", "proto", "87"}), "");
  EXPECT_EQ(a->ip_output({"nexthop"}), "");
  EXPECT_EQ(a->ip_output({"-brief", "link", "show", "type", "vxlan"}), "");
  EXPECT_FALSE(std::filesystem::exists("/run/veth-node"));
}

TEST_F(AgentTest, RestoresARouteWhileTheStoreIsAway) {
  start_both();
  server->kill();
  const auto routes = a->ip_output({"route"});
  a->ip_output({"nexthop", "flush", "proto", "87"});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(becomes_true([&] { return a->ip_output({"route"}) == routes; }, 3s)) << a->ip_output({"route"});
  RecordProperty("milliseconds", static_cast<int>((std::chrono::steady_clock::now() - begin) / 1ms));
  EXPECT_TRUE(becomes_true([&] { return a->get("/metrics").find("store_connected 0") != std::string::npos; }));
  EXPECT_EQ(a->get("/healthz"), "ok\n");
  server->start();
  EXPECT_TRUE(becomes_true([&] { return a->get("/metrics").find("store_connected 1") != std::string::npos; }, 30s));
}

TEST_F(AgentTest, StartsWithoutTheStore) {
  start_both();
  ASSERT_TRUE(becomes_true([&] { return std::filesystem::exists(a->client.folder() + "/run/snapshot.json"); }));
  a->kill(SIGKILL);
  server->kill();
  const auto routes = a->ip_output({"route"});
  a->ip_output({"nexthop", "flush", "proto", "87"});
  a->start();
  EXPECT_TRUE(becomes_true([&] { return a->ip_output({"route"}) == routes; })) << a->ip_output({"route"}) << a->log();
}

TEST_F(AgentTest, FollowsNodesThatComeAndGo) {
  start_both();
  AgentNode c{3};
  c.start();
  EXPECT_TRUE(becomes_true([&] { return a->has_routes_to(c) && b->has_routes_to(c); })) << c.log();
  c.kill(SIGKILL);
  EXPECT_TRUE(a->has_routes_to(c)) << "a node that restarts keeps its routes";
  StoreClient admin{"admin"};
  EXPECT_EQ(admin.run("forget", {"node3"}).exit, 0);
  EXPECT_TRUE(becomes_true([&] { return !a->has_routes_to(c) && !b->has_routes_to(c); }));
  EXPECT_TRUE(a->has_routes_to(*b));
}

TEST_F(AgentTest, KeepsEverythingWhenTheStoreHasLostItsData) {
  start_both();
  const auto routes = a->ip_output({"route"});
  const auto blocks = a->client.blocks();
  server->kill();
  server->lose_data();
  server->start();
  const auto is_back = [&] {
    const auto shown = a->client.show();
    return shown.is_object() && shown["nodes"].size() == 2 && shown["pools"].contains("default");
  };
  EXPECT_TRUE(becomes_true(is_back, 30s)) << a->log();
  EXPECT_TRUE(becomes_true([&] { return a->client.owned("node1") == blocks; }, 30s));
  EXPECT_EQ(a->client.blocks(), blocks);
  EXPECT_EQ(a->ip_output({"route"}), routes);
}

TEST_F(AgentTest, KilledAtAnyMomentLeavesNoBlockWithoutItsKey) {
  b->start();
  for (int delay = 0; delay < 120; delay += 4) {
    SCOPED_TRACE("killed after " + std::to_string(delay) + " ms");
    a->start();
    std::this_thread::sleep_for(std::chrono::milliseconds{delay});
    a->kill(SIGKILL);
    const auto keys = a->client.owned("node1");
    for (const auto& file : a->client.blocks()) {
      const bool is_whole = file.size() == 6;  // a hidden or temporary file is no block
      EXPECT_TRUE(!is_whole || keys.contains(file)) << file;
    }
    a->client.run("release", {"default"});  // so that the next one claims again
    if (HasFailure()) return;
  }
  a->start();
  EXPECT_TRUE(becomes_true([&] { return a->has_routes_to(*b) && b->has_routes_to(*a); })) << a->log();
  EXPECT_EQ(a->client.blocks(), a->client.owned("node1"));
}

TEST_F(AgentTest, RefusesANameThatAnotherMachineHas) {
  start_both();
  AgentNode other{3};
  other.client.config["node"] = "node1";
  other.client.write_config();
  other.start();
  EXPECT_EQ(other.wait(), 1);
  EXPECT_THAT(other.log(), HasSubstr("another machine has the node name"));
  EXPECT_EQ(other.ip_output({"nexthop"}), "");
  EXPECT_EQ(other.conflist(), "");
}

TEST_F(AgentTest, RefusesAPoolThatDiffersFromTheStore) {
  start_both();
  AgentNode other{3};
  other.client.config["pools"]["default"]["cidrs"] = {"10.64.0.0/18"};
  other.client.write_config();
  other.start();
  EXPECT_EQ(other.wait(), 1);
  EXPECT_THAT(other.log(), HasSubstr("in the store, but"));
}

}  // namespace
