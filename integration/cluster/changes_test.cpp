// What others change or delete is noticed and restored, and changes of the cluster lose no packet.
#include "integration/cluster/support/cluster_of_nodes.hpp"
#include "integration/support/command.hpp"
#include "integration/support/iproute.hpp"
#include "plugin/kernel/node_network_monitor.hpp"

#include <poll.h>

#include <atomic>
#include <future>
#include <thread>

#include <gtest/gtest.h>

namespace {

using namespace cluster_support;
using node::Routing;
using std::chrono::milliseconds;

constexpr Wire behind_router{.has_router = true};

class ClusterChanges : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cluster.reconcile_all(), "");
    monitor.emplace(support::in(first.netns, [] { return kernel::NodeNetworkMonitor{}; }));
    cluster.reconcile(1, &*monitor);
  }

  /// Whether the monitor reports a change within the time.
  bool reports(milliseconds timeout = milliseconds{100}) {
    pollfd file{.fd = monitor->file(), .events = POLLIN, .revents = 0};
    return ::poll(&file, 1, static_cast<int>(timeout.count())) == 1 && monitor->has_changed();
  }

  ClusterOfNodes cluster{3, behind_router};
  ClusterNode& first = cluster.node(1);
  std::optional<kernel::NodeNetworkMonitor> monitor;
};

TEST_F(ClusterChanges, RestoresWhatOthersDeleteOrReplace) {
  const std::vector<std::vector<std::string>> commands{
      {"route", "del", "10.244.2.0/24"},
      {"-6", "route", "del", "fd00:244::200/120"},
      {"route", "del", "unreachable", "10.244.0.0/16", "metric", "4294967295"},
      {"nexthop", "flush"},
      {"nexthop", "del", "id", std::to_string(first.wanted.next_hops.begin()->first)},
      {"-6", "nexthop", "replace", "id", std::to_string(first.wanted.next_hops.begin()->first), "dev", "und0"},
      {"address", "del", "10.244.1.0/32", "dev", "veth-node0"},
      {"link", "set", "veth-node0", "mtu", "1300"},
      {"link", "set", "veth-node0", "down"},
      {"link", "del", "veth-node0"},
  };
  for (const auto& command : commands) {
    support::run_ip(first.netns, command);
    const auto name = testing::PrintToString(command);
    EXPECT_TRUE(reports()) << name;
    EXPECT_GT(cluster.reconcile(1, &*monitor).size(), 0U) << name;
    EXPECT_TRUE(first.failed.empty()) << name << wiring::to_string(first.failed.front().change);
    EXPECT_EQ(cluster.reconcile(1, &*monitor).size(), 0U) << name;
    EXPECT_EQ(cluster.unreachable_pods(), "") << name;
    monitor->has_changed();
  }
}

TEST_F(ClusterChanges, ReportsARouteThatOthersHaveReplacedAndKeepsIt) {
  run_ip_lines(first.netns, {"route replace 10.244.3.0/24 dev lo"});
  EXPECT_TRUE(reports());
  EXPECT_EQ(cluster.reconcile(1).size(), 1U);
  ASSERT_EQ(first.failed.size(), 1U);
  EXPECT_EQ(first.failed.front().error.code().value(), EEXIST);
  run_ip_lines(first.netns, {"route del 10.244.3.0/24 dev lo"});
  EXPECT_EQ(cluster.reconcile(1).size(), 1U);
  EXPECT_TRUE(first.failed.empty());
}

TEST_F(ClusterChanges, RestoresTheFilter) {
  for (const char* command : {"delete table inet veth_node", "flush ruleset", "flush chain inet veth_node strangers",
                              "flush set inet veth_node nodes4", "flush set inet veth_node tunnels"}) {
    support::run({.argv = {"nft", command}, .inside = &first.netns});
    EXPECT_GT(cluster.reconcile(1).size(), 0U) << command;
    EXPECT_EQ(cluster.reconcile(1).size(), 0U) << command;
  }
}

TEST_F(ClusterChanges, ReportsNeitherItsOwnChangesNorThoseOfContainers) {
  const auto complete = cluster.directory;
  cluster.directory.nodes.erase("node3");
  EXPECT_GT(cluster.reconcile(1, &*monitor).size(), 0U);
  cluster.directory = complete;
  EXPECT_GT(cluster.reconcile(1, &*monitor).size(), 0U);
  run_ip_lines(first.netns, {"link add other type veth peer name another", "link set other up",
                             "address add 10.9.9.1/24 dev other", "route add 10.8.0.0/16 dev other proto 86"});
  EXPECT_FALSE(reports());
}

TEST_F(ClusterChanges, ReportsChangesOfWatchedDevices) {
  monitor->watch_devices({"und0"});
  run_ip_lines(first.netns, {"address add 192.0.2.200/32 dev und0"});
  EXPECT_TRUE(reports());
  run_ip_lines(first.netns, {"link set und0 mtu 1400"});
  EXPECT_TRUE(reports());
}

TEST_F(ClusterChanges, RemovesWhatARemovedNodeNeeded) {
  cluster.directory.nodes.erase("node3");
  cluster.directory.blocks.erase({"default", 3});
  const auto changes = cluster.reconcile(1);
  EXPECT_EQ(changes.size(), 5U);  // two routes, a next hop, two nodes of the filter
  EXPECT_EQ(cluster.reconcile(1).size(), 0U);
  for (const int family : {4, 6}) {
    for (const auto& route : support::routes(first.netns, family)) EXPECT_EQ(route.find("10.244.3"), std::string::npos);
  }
}

TEST_F(ClusterChanges, RemovesEverythingWithAnEmptyDirectory) {
  cluster.directory = {};
  EXPECT_GT(cluster.reconcile(1).size(), 0U);
  EXPECT_TRUE(first.failed.empty());
  const auto observed = support::in(first.netns, kernel::observe_node_network);
  EXPECT_EQ(wiring::to_string(observed), "");
  const auto tables = support::run({.argv = {"nft", "list", "tables"}, .inside = &first.netns});
  EXPECT_EQ(tables.out.find("veth_node"), std::string::npos);
}

TEST_F(ClusterChanges, KeepsForeignRoutesAndDevices) {
  run_ip_lines(first.netns, {"route add 10.244.4.0/24 dev lo"});
  cluster.directory.blocks[{"default", 4}] = "node2";
  cluster.reconcile(1);
  ASSERT_EQ(first.failed.size(), 1U);
  EXPECT_EQ(wiring::to_string(first.failed.front().change).substr(0, 24), "add route 10.244.4.0/24 ");
  EXPECT_EQ(first.failed.front().error.code().value(), EEXIST);
  cluster.directory = {};
  cluster.reconcile(1);
  EXPECT_EQ(support::routes(first.netns, 4).size(), 4U);  // default, underlay, container, foreign
}

void request_echoes(const support::Namespace& from, const std::string& address, int count) {
  const auto requests = std::to_string(count);
  support::run({.argv = {"ping", "-n", "-q", "-i", "0.002", "-W", "1", "-c", requests, address}, .inside = &from});
}

/// What the kernel has counted in a network namespace. `ping` counts fewer replies on a busy machine: its socket has
/// room for about a hundred.
struct Echoes {
  int requests;
  int replies;

  bool operator==(const Echoes&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Echoes& value) {
    return out << value.requests << " requests, " << value.replies << " replies";
  }
};

Echoes echoes(const support::Namespace& netns) {
  const auto outcome = support::run({.argv = {"nstat", "-a", "-s", "-z", "-j"}, .inside = &netns});
  const auto counters = support::json::parse(outcome.out).at("kernel");
  const auto count = [&](const char* name) { return counters.at(name).get<int>(); };
  return {.requests = count("IcmpOutEchos") + count("Icmp6OutEchos"),
          .replies = count("IcmpInEchoReps") + count("Icmp6InEchoReplies")};
}

TEST_F(ClusterChanges, LosesNoPacketWhenPathsChangeAThousandTimes) {
  constexpr int count = 1000;
  ASSERT_EQ(cluster.unreachable_pods(), "");
  auto changed = first.wanted;
  auto& hop = changed.next_hops.begin()->second;
  hop.tunnel->vni = 7;
  for (auto& [prefix, route] : changed.routes) route.source.reset();
  std::atomic<bool> is_done = false;
  auto changes = std::async(std::launch::async, [&] {
    first.netns.enter();
    int rounds = 0;
    const auto there = wiring::difference(changed, first.wanted);
    const auto back = wiring::difference(first.wanted, changed);
    for (; rounds < count || !is_done; ++rounds) {
      if (!kernel::apply(rounds % 2 == 0 ? there : back).empty()) return -1;
      std::this_thread::sleep_for(milliseconds{1});
    }
    return rounds;
  });
  const auto before = echoes(first.pod);
  std::vector<std::future<void>> pings;
  for (const int number : {2, 3}) {
    for (const int family : {4, 6}) {
      pings.push_back(std::async(std::launch::async, [&, number, family] {
        request_echoes(first.pod, ClusterOfNodes::pod_address(number, family), count);
      }));
    }
  }
  for (auto& each : pings) each.get();
  is_done = true;
  EXPECT_GE(changes.get(), count);
  EXPECT_EQ(echoes(first.pod), (Echoes{before.requests + 4 * count, before.replies + 4 * count}));
}

TEST(ClusterPaths, LosesNoPacketBetweenTunnelAndDirectRoutes) {
  ClusterOfNodes cluster{2, {}};
  ASSERT_EQ(cluster.reconcile_all(), "");
  ASSERT_EQ(cluster.unreachable_pods(), "");
  cluster.settings.routing = Routing::tunnel;
  ASSERT_EQ(cluster.reconcile_all(), "");  // both devices exist
  ASSERT_EQ(cluster.unreachable_pods(), "");
  auto& first = cluster.node(1);
  auto tunnelled = first.wanted;
  auto direct = tunnelled;
  direct.next_hops.begin()->second = {.device = "und0", .gateway = cni::find_address(cluster.node_address(2, 6))};
  constexpr int count = 500;
  std::atomic<bool> is_done = false;
  auto changes = std::async(std::launch::async, [&] {
    first.netns.enter();
    const auto there = wiring::difference(direct, tunnelled);
    const auto back = wiring::difference(tunnelled, direct);
    for (int rounds = 0; !is_done; ++rounds) {
      if (!kernel::apply(rounds % 2 == 0 ? there : back).empty()) return false;
    }
    return true;
  });
  const auto before = echoes(first.pod);
  auto ipv6 =
      std::async(std::launch::async, [&] { request_echoes(first.pod, ClusterOfNodes::pod_address(2, 6), count); });
  request_echoes(first.pod, ClusterOfNodes::pod_address(2, 4), count);
  ipv6.get();
  is_done = true;
  EXPECT_TRUE(changes.get());
  EXPECT_EQ(echoes(first.pod), (Echoes{before.requests + 2 * count, before.replies + 2 * count}));
}

}  // namespace
