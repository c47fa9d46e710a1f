// Containers of all nodes reach each other: the plan of each node, carried out by the kernel.
#include "integration/cluster/support/cluster_of_nodes.hpp"
#include "integration/support/command.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/sysctl.hpp"

#include <ostream>

#include <gtest/gtest.h>

namespace {

using namespace cluster_support;
using node::EncapsulationChoice;
using node::Routing;

struct ClusterPath {
  const char* name;
  Wire wire;
  Routing routing = Routing::automatic;
  EncapsulationChoice encapsulation = EncapsulationChoice::gpe;

  friend std::ostream& operator<<(std::ostream& stream, const ClusterPath& path) { return stream << path.name; }
};

constexpr Wire only_ipv4{.has_ipv6 = false};
constexpr Wire only_ipv6{.has_ipv4 = false};
constexpr Wire routed_ipv4{.has_ipv6 = false, .has_router = true};
constexpr Wire routed_ipv6{.has_ipv4 = false, .has_router = true};

class ClusterTraffic : public testing::TestWithParam<ClusterPath> {};

TEST_P(ClusterTraffic, ReachesTheContainersOfAllNodesInBothFamilies) {
  ClusterOfNodes cluster{3, GetParam().wire};
  cluster.settings.routing = GetParam().routing;
  cluster.settings.encapsulation = GetParam().encapsulation;
  ASSERT_EQ(cluster.reconcile_all(), "");
  EXPECT_EQ(cluster.unreachable_pods(), "") << wiring::to_string(cluster.node(1).wanted);
  for (int number = 1; number <= cluster.count(); ++number) EXPECT_EQ(cluster.reconcile(number).size(), 0U);
}

TEST_P(ClusterTraffic, ReachesContainersFromTheNodeItself) {
  ClusterOfNodes cluster{2, GetParam().wire};
  cluster.settings.routing = GetParam().routing;
  cluster.settings.encapsulation = GetParam().encapsulation;
  ASSERT_EQ(cluster.reconcile_all(), "");
  for (const int family : {4, 6}) {
    EXPECT_TRUE(support::ping(cluster.node(1).netns, ClusterOfNodes::pod_address(2, family)))
        << family << wiring::to_string(cluster.node(1).wanted);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Paths, ClusterTraffic,
    testing::Values(
        ClusterPath{"DirectDualStack", {}}, ClusterPath{"DirectIpv6", only_ipv6}, ClusterPath{"DirectIpv4", only_ipv4},
        ClusterPath{"GpeOverIpv4", only_ipv4, Routing::tunnel}, ClusterPath{"GpeOverIpv6", only_ipv6, Routing::tunnel},
        ClusterPath{"VxlanOverIpv4", only_ipv4, Routing::tunnel, EncapsulationChoice::vxlan},
        ClusterPath{"VxlanOverIpv6", only_ipv6, Routing::tunnel, EncapsulationChoice::vxlan},
        ClusterPath{"GpeThroughARouterOverIpv4", routed_ipv4}, ClusterPath{"GpeThroughARouterOverIpv6", routed_ipv6},
        ClusterPath{"VxlanThroughARouter", {.has_router = true}, Routing::automatic, EncapsulationChoice::vxlan}),
    [](const auto& tested) { return std::string{tested.param.name}; });

TEST(ClusterTunnel, UsesVxlanBetweenTwoNodesOfWhichOnePrefersIt) {
  ClusterOfNodes cluster{3, {.has_router = true}};
  cluster.directory.nodes["node3"].prefers_vxlan = true;
  ASSERT_EQ(cluster.reconcile_all(), "");
  EXPECT_EQ(cluster.unreachable_pods(), "");
  EXPECT_EQ(cluster.node(1).wanted.tunnels.size(), 2U);
  EXPECT_EQ(cluster.node(3).wanted.tunnels.size(), 1U);
  for (int number = 1; number <= cluster.count(); ++number) EXPECT_EQ(cluster.reconcile(number).size(), 0U);
}

TEST(ClusterTunnel, WorksWhereIpv6IsDisabledForNewInterfaces) {
  ClusterOfNodes cluster{2, routed_ipv4};
  for (int number = 1; number <= 2; ++number) {
    support::set_sysctl(cluster.node(number).netns, "ipv6/conf/default/disable_ipv6", "1");
  }
  ASSERT_EQ(cluster.reconcile_all(), "");
  EXPECT_EQ(cluster.unreachable_pods(), "");
}

TEST(ClusterTunnel, AnswersUnreachableForAddressesOfThePoolThatNoNodeHas) {
  ClusterOfNodes cluster{2, {}};
  ASSERT_EQ(cluster.reconcile_all(), "");
  for (const char* address : {"10.244.99.9", "fd00:244::9909", "10.244.1.77", "fd00:244::177"}) {
    const auto outcome = support::run({.argv = {"ping", "-n", "-c1", "-W2", address}, .inside = &cluster.node(1).pod});
    EXPECT_NE(outcome.out.find("nreachable"), std::string::npos) << address << outcome.out;
  }
}

/// Tunnel packets from an address that is not that of a node do not reach the containers.
TEST(ClusterTunnel, DropsTunnelPacketsOfStrangers) {
  for (const auto& wire : {routed_ipv4, routed_ipv6}) {
    ClusterOfNodes cluster{3, wire};
    ASSERT_EQ(cluster.reconcile_all(), "");
    ASSERT_EQ(cluster.unreachable_pods(), "");
    const auto complete = cluster.directory;
    cluster.directory.nodes["node3"].addresses = {*cni::find_address("198.51.100.1")};
    cluster.reconcile(1);
    cluster.directory = complete;
    const auto received = [&] {
      const auto links = support::ip(cluster.node(1).netns, {"-s", "link", "show", "veth-node0"});
      return links.at(0).at("stats64").at("rx").at("packets").get<int>();
    };
    const auto before = received();
    EXPECT_FALSE(support::ping(cluster.node(3).pod, ClusterOfNodes::pod_address(1, 4)));
    EXPECT_FALSE(support::ping(cluster.node(3).pod, ClusterOfNodes::pod_address(1, 6)));
    EXPECT_EQ(received(), before);
    EXPECT_TRUE(support::ping(cluster.node(2).pod, ClusterOfNodes::pod_address(1, 4)));
    ASSERT_EQ(cluster.reconcile_all(), "");
    EXPECT_EQ(cluster.unreachable_pods(), "");
  }
}

}  // namespace
