#include "plugin/node/plan.hpp"

#include "plugin/node/next_hops.hpp"
#include "plugin/wiring/node_changes.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace {

using cluster::Directory;
using node::EncapsulationChoice;
using node::plan;
using node::Routing;
using node::Underlay;

cni::IpAddress ip(const std::string& text) { return *cni::find_address(text); }
cni::Prefix network(const std::string& text) { return *cni::find_prefix(text); }

/// Nodes a, b and c with one block each, of both families.
Directory three_nodes(const std::set<int>& families = {4, 6}) {
  Directory directory;
  directory.pools["default"] = {.prefixes = {network("10.244.0.0/16"), network("fd00:244::/112")}, .block_bits = 8};
  std::uint32_t number = 0;
  for (const char* name : {"a", "b", "c"}) {
    ++number;
    auto& entry = directory.nodes[name];
    if (families.contains(4)) entry.addresses.push_back(ip("192.0.2." + std::to_string(number)));
    if (families.contains(6)) entry.addresses.push_back(ip("fd00:2::" + std::to_string(number)));
    directory.blocks[{"default", number}] = name;
  }
  return directory;
}

/// Everything of these families is on-link through eth0.
Underlay on_link(const Directory& directory) {
  Underlay underlay;
  for (const auto& [name, entry] : directory.nodes) {
    for (const auto& address : entry.addresses) underlay.on_link[address] = "eth0";
  }
  return underlay;
}

std::string id_of(const std::string& key) {
  return wiring::next_hop_id_text(node::next_hop_ids({{key, {}}}, {}).at(key));
}

/// The lines of the plan that begin with the word.
std::string lines(const wiring::NodeNetwork& planned, const std::string& word) {
  std::string found;
  const auto text = wiring::to_string(planned);
  for (std::size_t start = 0; start < text.size();) {
    const auto end = text.find('\n', start);
    if (text.compare(start, word.size(), word) == 0) found += text.substr(start, end - start + 1);
    start = end + 1;
  }
  return found;
}

TEST(Plan, RoutesBothFamiliesThroughOneDirectNextHopInADualStackUnderlay) {
  const auto directory = three_nodes();
  const auto b = id_of("b");
  const auto c = id_of("c");
  const auto planned = plan(directory, "a", on_link(directory));
  EXPECT_EQ(planned.next_hops.size(), 2U);
  EXPECT_NE(lines(planned, "nexthop id " + b).find(" via fd00:2::2 dev eth0"), std::string::npos);
  EXPECT_EQ(lines(planned, "route "), "route 10.244.2.0/24 nhid " + b + "\nroute 10.244.3.0/24 nhid " + c +
                                          "\nroute fd00:244::200/120 nhid " + b + "\nroute fd00:244::300/120 nhid " +
                                          c +
                                          "\nroute unreachable 10.244.0.0/16\nroute unreachable 10.244.1.0/24"
                                          "\nroute unreachable fd00:244::/112\nroute unreachable fd00:244::100/120\n");
  EXPECT_TRUE(planned.tunnels.empty());
  EXPECT_FALSE(planned.filter);
}

TEST(Plan, UsesTheTunnelForNodesBehindARouter) {
  const auto planned = plan(three_nodes(), "a", {});
  EXPECT_EQ(lines(planned, "nexthop id " + id_of("b")),
            "nexthop id " + id_of("b") + " encap id 1 src 192.0.2.1 dst 192.0.2.2 dev veth-node0\n");
  EXPECT_EQ(lines(planned, "link"), "link veth-node0 type vxlan external gpe dstport 4790 mtu 1464 up\n");
  EXPECT_EQ(lines(planned, "address"),
            "address 10.244.1.0/32 dev veth-node0\naddress fd00:244::100/128 dev veth-node0\n");
  EXPECT_EQ(lines(planned, "route 10.244.2.0/24"), "route 10.244.2.0/24 nhid " + id_of("b") + " src 10.244.1.0\n");
  EXPECT_EQ(lines(planned, "filter"),
            "filter udp dport { 4790 } saddr != { 192.0.2.2, 192.0.2.3, fd00:2::2, fd00:2::3 } drop\n");
}

TEST(Plan, DeductsTheHeadersOfTheTunnelFromTheMtu) {
  const auto mtu = [](int family, EncapsulationChoice encapsulation) {
    return *wiring::least_mtu(plan(three_nodes({family}), "a", {}, {.encapsulation = encapsulation}));
  };
  EXPECT_EQ(mtu(4, EncapsulationChoice::gpe), 1464U);
  EXPECT_EQ(mtu(6, EncapsulationChoice::gpe), 1444U);
  EXPECT_EQ(mtu(4, EncapsulationChoice::vxlan), 1450U);
  EXPECT_EQ(mtu(6, EncapsulationChoice::vxlan), 1430U);
}

TEST(Plan, UsesTheTunnelForIpv6OverADirectUnderlayOfIpv4) {
  const auto directory = three_nodes({4});
  const auto planned = plan(directory, "a", on_link(directory));
  EXPECT_EQ(lines(planned, "nexthop id " + id_of("b/4")), "nexthop id " + id_of("b/4") + " via 192.0.2.2 dev eth0\n");
  EXPECT_EQ(lines(planned, "route 10.244.2.0/24"), "route 10.244.2.0/24 nhid " + id_of("b/4") + '\n');
  EXPECT_EQ(lines(planned, "route fd00:244::200/120"),
            "route fd00:244::200/120 nhid " + id_of("b") + " src fd00:244::100\n");
}

TEST(Plan, NeedsNoTunnelForIpv6WithoutContainersOfTheFamily) {
  auto directory = three_nodes({4});
  directory.pools["default"].prefixes.pop_back();
  EXPECT_TRUE(plan(directory, "a", on_link(directory)).tunnels.empty());
}

TEST(Plan, GivesDirectIpv4PacketsOverIpv6ASource) {
  const auto directory = three_nodes({6});
  const auto planned = plan(directory, "a", on_link(directory));
  EXPECT_EQ(lines(planned, "route 10.244.2.0/24"), "route 10.244.2.0/24 nhid " + id_of("b") + " src 10.244.1.0\n");
  EXPECT_EQ(lines(planned, "address"), "address 10.244.1.0/32 dev veth-node0\n");
}

TEST(Plan, LeavesNodesBehindARouterUnreachableWithDirectRouting) {
  auto directory = three_nodes();
  Underlay underlay;
  underlay.on_link[ip("192.0.2.2")] = "eth0";
  const auto planned = plan(directory, "a", underlay, {.routing = Routing::direct});
  EXPECT_EQ(planned.routes.size(), 1U);
  EXPECT_TRUE(planned.routes.contains(network("10.244.2.0/24")));
  EXPECT_TRUE(planned.unreachable.contains(network("10.244.0.0/16")));
}

TEST(Plan, UsesOnlyTheTunnelIfItIsDemanded) {
  const auto directory = three_nodes();
  const auto planned = plan(directory, "a", on_link(directory), {.routing = Routing::tunnel});
  EXPECT_EQ(lines(planned, "nexthop").find(" via "), std::string::npos);
  EXPECT_EQ(planned.routes.size(), 4U);
}

TEST(Plan, UsesVxlanIfOneOfTheTwoNodesPrefersIt) {
  auto directory = three_nodes();
  directory.nodes["b"].prefers_vxlan = true;
  const auto planned = plan(directory, "a", {});
  const auto gateway = cni::to_string(node::tunnel_gateway("b"));
  const auto mac = cni::to_string(node::tunnel_mac("b"));
  EXPECT_NE(lines(planned, "nexthop id " + id_of("b")).find("via " + gateway + " dev veth-node1"), std::string::npos);
  EXPECT_NE(lines(planned, "nexthop id " + id_of("c")).find(" dev veth-node0"), std::string::npos);
  EXPECT_EQ(lines(planned, "neighbour"), "neighbour " + gateway + " lladdr " + mac + " dev veth-node1\n");
  EXPECT_EQ(lines(plan(directory, "b", {}), "link"),
            "link veth-node1 type vxlan external dstport 4789 mtu 1450 address " + mac + " up\n");
  EXPECT_EQ(planned.filter->ports, (std::set<std::uint16_t>{4789, 4790}));
}

TEST(Plan, PrefersVxlanWhereGpeIsSlow) {
  EXPECT_FALSE(node::prefers_vxlan({}, {}));
  EXPECT_TRUE(node::prefers_vxlan({}, {.is_gpe_fast = false}));
  EXPECT_FALSE(node::prefers_vxlan({}, {.is_gpe_fast = false, .has_ipv6 = false}));
  EXPECT_FALSE(node::prefers_vxlan({.encapsulation = EncapsulationChoice::gpe}, {.is_gpe_fast = false}));
  EXPECT_TRUE(node::prefers_vxlan({.encapsulation = EncapsulationChoice::vxlan}, {}));
}

TEST(Plan, ListensForNodesWithoutContainers) {
  auto directory = three_nodes();
  directory.blocks = {{{"default", 1}, "a"}};
  const auto planned = plan(directory, "a", {});
  EXPECT_TRUE(planned.routes.empty());
  EXPECT_TRUE(planned.next_hops.empty());
  EXPECT_EQ(planned.tunnels.size(), 1U);
  EXPECT_EQ(planned.filter->nodes.size(), 4U);
}

TEST(Plan, GivesANodeWithoutBlocksRoutesButNoSource) {
  auto directory = three_nodes();
  directory.blocks.erase({"default", 1});
  const auto planned = plan(directory, "a", {});
  EXPECT_EQ(planned.routes.size(), 4U);
  EXPECT_EQ(lines(planned, "route").find(" src "), std::string::npos);
  EXPECT_EQ(lines(planned, "address"), "");
}

TEST(Plan, WorksBeforeTheNodeIsInTheDirectory) {
  auto directory = three_nodes();
  directory.nodes.erase("a");
  const auto planned = plan(directory, "a", {});
  EXPECT_EQ(planned.routes.size(), 4U);
  EXPECT_NE(lines(planned, "nexthop id " + id_of("b")).find("encap id 1 dst 192.0.2.2"), std::string::npos);
}

TEST(Plan, RoutesThePodNetworksOfTheCluster) {
  Directory directory;
  directory.nodes["a"] = {.addresses = {ip("192.0.2.1")}, .machine = {}, .pod_networks = {network("10.1.0.0/24")}};
  directory.nodes["b"] = {.addresses = {ip("192.0.2.2")}, .machine = {}, .pod_networks = {network("10.1.1.0/24")}};
  const auto planned = plan(directory, "a", on_link(directory));
  EXPECT_EQ(lines(planned, "route"), "route 10.1.1.0/24 nhid " + id_of("b/4") + "\nroute unreachable 10.1.0.0/24\n");
}

TEST(Plan, HasNoRouteToANodeWithoutACommonFamily) {
  auto directory = three_nodes({4});
  directory.nodes["b"].addresses = {ip("fd00:2::2")};
  const auto planned = plan(directory, "a", {});
  EXPECT_FALSE(planned.routes.contains(network("10.244.2.0/24")));
  EXPECT_TRUE(planned.routes.contains(network("10.244.3.0/24")));
}

TEST(Plan, UsesObjectsOfIpv4IfTheKernelHasNoIpv6) {
  const auto planned = plan(three_nodes({4}), "a", {.has_ipv6 = false});
  EXPECT_EQ(planned.routes.size(), 2U);
  for (const auto& [id, hop] : planned.next_hops) EXPECT_EQ(hop.family, cni::Family::ipv4);
}

TEST(Plan, IsEmptyForAnEmptyDirectory) { EXPECT_EQ(plan({}, "a", {}), wiring::NodeNetwork{}); }

TEST(Plan, ChangesOnlyTheNextHopIfANodeHasANewAddress) {
  auto directory = three_nodes();
  const auto before = plan(directory, "a", {});
  directory.nodes["b"].addresses = {ip("192.0.2.22"), ip("fd00:2::2")};
  Underlay underlay;
  underlay.next_hops = before.next_hops;
  const auto changes = wiring::difference(plan(directory, "a", underlay), before);
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(wiring::to_string(changes[0]), "add node 192.0.2.22");
  EXPECT_EQ(wiring::to_string(changes[1]).substr(0, 15), "replace nexthop");
  EXPECT_EQ(wiring::to_string(changes[2]), "remove node 192.0.2.2");
}

TEST(Plan, ChangesOnlyUnreachableRoutesIfAPoolGrows) {
  auto directory = three_nodes();
  const auto before = plan(directory, "a", {});
  directory.pools["more"] = {.prefixes = {network("10.245.0.0/16")}};
  const auto changes = wiring::difference(plan(directory, "a", {}), before);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(wiring::to_string(changes[0]), "add route unreachable 10.245.0.0/16");
}

}  // namespace
