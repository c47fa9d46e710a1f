#include "plugin/wiring/node_changes.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using wiring::NodeNetwork;

cni::IpAddress node_ip(const char* text) { return *cni::find_address(text); }
cni::Prefix node_prefix(const char* text) { return *cni::find_prefix(text); }

constexpr std::uint32_t second_id = 0x76000002;
constexpr std::uint32_t third_id = 0x76000003;

/// Node 2 through the tunnel, node 3 directly.
NodeNetwork two_remote_nodes() {
  NodeNetwork network;
  network.tunnels["veth-node0"] = {.port = 4790, .mtu = 1464, .addresses = {node_ip("10.244.1.0")}};
  network.next_hops[second_id] = {.device = "veth-node0", .tunnel = {{.remote = node_ip("192.0.2.2"), .vni = 1}}};
  network.next_hops[third_id] = {.device = "und0", .gateway = node_ip("fd00:2::3")};
  network.routes[node_prefix("10.244.2.0/24")] = {.next_hop = second_id, .source = node_ip("10.244.1.0")};
  network.routes[node_prefix("fd00:244::200/120")] = {.next_hop = second_id};
  network.routes[node_prefix("10.244.3.0/24")] = {.next_hop = third_id};
  network.unreachable = {node_prefix("10.244.0.0/16")};
  network.filter = {.ports = {4790}, .nodes = {node_ip("192.0.2.2"), node_ip("192.0.2.3")}};
  return network;
}

std::vector<std::string> changes_between(const NodeNetwork& wanted, const NodeNetwork& observed) {
  std::vector<std::string> texts;
  for (const auto& change : wiring::difference(wanted, observed)) texts.push_back(wiring::to_string(change));
  return texts;
}

TEST(NodeChanges, NothingForWhatIsRight) {
  EXPECT_THAT(changes_between(two_remote_nodes(), two_remote_nodes()), ElementsAre());
  EXPECT_THAT(changes_between({}, {}), ElementsAre());
}

TEST(NodeChanges, AddWhatRoutesNeedBeforeTheRoutes) {
  EXPECT_THAT(
      changes_between(two_remote_nodes(), {}),
      ElementsAre("add filter of tunnel packets, 2 nodes",
                  "add link veth-node0 type vxlan external gpe dstport 4790 mtu 1464 up",
                  "add address 10.244.1.0 dev veth-node0",
                  "add nexthop id 0x76000002 encap id 1 dst 192.0.2.2 dev veth-node0",
                  "add nexthop id 0x76000003 via fd00:2::3 dev und0",
                  "add route 10.244.2.0/24 nhid 0x76000002 src 10.244.1.0", "add route 10.244.3.0/24 nhid 0x76000003",
                  "add route fd00:244::200/120 nhid 0x76000002", "add route unreachable 10.244.0.0/16"));
}

TEST(NodeChanges, RemoveWhatRoutesNeededAfterTheRoutes) {
  EXPECT_THAT(changes_between({}, two_remote_nodes()),
              ElementsAre("remove route 10.244.2.0/24 nhid 0x76000002 src 10.244.1.0",
                          "remove route 10.244.3.0/24 nhid 0x76000003",
                          "remove route fd00:244::200/120 nhid 0x76000002", "remove route unreachable 10.244.0.0/16",
                          "remove nexthop id 0x76000002 encap id 1 dst 192.0.2.2 dev veth-node0",
                          "remove nexthop id 0x76000003 via fd00:2::3 dev und0",
                          "remove link veth-node0 type vxlan external gpe dstport 4790 mtu 1464 up",
                          "remove filter of tunnel packets, 2 nodes"));
}

TEST(NodeChanges, RemoveTheRoutesOfANodeBeforeItsNextHop) {
  auto wanted = two_remote_nodes();
  wanted.next_hops.erase(second_id);
  wanted.routes.erase(node_prefix("10.244.2.0/24"));
  wanted.routes.erase(node_prefix("fd00:244::200/120"));
  EXPECT_THAT(changes_between(wanted, two_remote_nodes()),
              ElementsAre("remove route 10.244.2.0/24 nhid 0x76000002 src 10.244.1.0",
                          "remove route fd00:244::200/120 nhid 0x76000002",
                          "remove nexthop id 0x76000002 encap id 1 dst 192.0.2.2 dev veth-node0"));
}

TEST(NodeChanges, MoveRoutesBeforeTheirNextHopIsRemoved) {
  auto wanted = two_remote_nodes();
  wanted.next_hops.erase(third_id);
  wanted.routes[node_prefix("10.244.3.0/24")].next_hop = second_id;
  EXPECT_THAT(changes_between(wanted, two_remote_nodes()),
              ElementsAre("replace route 10.244.3.0/24 nhid 0x76000002",
                          "remove nexthop id 0x76000003 via fd00:2::3 dev und0"));
}

TEST(NodeChanges, ReplaceOnlyTheNextHopIfANodeHasAnotherAddress) {
  auto wanted = two_remote_nodes();
  wanted.next_hops[second_id].tunnel->remote = node_ip("192.0.2.22");
  EXPECT_THAT(changes_between(wanted, two_remote_nodes()),
              ElementsAre("replace nexthop id 0x76000002 encap id 1 dst 192.0.2.22 dev veth-node0"));
}

TEST(NodeChanges, RemoveARouteThatUsesNoNextHopObject) {
  auto observed = two_remote_nodes();
  observed.routes[node_prefix("10.244.9.0/24")] = {};
  EXPECT_THAT(changes_between(two_remote_nodes(), observed), ElementsAre("remove route 10.244.9.0/24 nhid 0x00000000"));
}

TEST(NodeChanges, KeepTheDeviceIfOnlyItsSettingsDiffer) {
  for (const auto change : {0, 1}) {
    auto observed = two_remote_nodes();
    auto& tunnel = observed.tunnels["veth-node0"];
    change == 0 ? tunnel.mtu = 1300 : tunnel.is_up = false;
    EXPECT_THAT(changes_between(two_remote_nodes(), observed),
                ElementsAre("replace link veth-node0 type vxlan external gpe dstport 4790 mtu 1464 up"));
  }
}

/// The kernel removes next hops and routes with the device.
TEST(NodeChanges, CreateTheDeviceAgainWithAllItsRoutesIfItHasAnotherPort) {
  auto observed = two_remote_nodes();
  observed.tunnels["veth-node0"].port = 4789;
  EXPECT_THAT(changes_between(two_remote_nodes(), observed),
              ElementsAre("remove link veth-node0 type vxlan external gpe dstport 4789 mtu 1464 up",
                          "add link veth-node0 type vxlan external gpe dstport 4790 mtu 1464 up",
                          "add address 10.244.1.0 dev veth-node0",
                          "add nexthop id 0x76000002 encap id 1 dst 192.0.2.2 dev veth-node0",
                          "add route 10.244.2.0/24 nhid 0x76000002 src 10.244.1.0",
                          "add route fd00:244::200/120 nhid 0x76000002"));
}

TEST(NodeChanges, AddTheNewAddressBeforeTheRoutesAndRemoveTheOldOneAfterThem) {
  auto wanted = two_remote_nodes();
  wanted.tunnels["veth-node0"].addresses = {node_ip("10.244.0.0")};
  wanted.routes[node_prefix("10.244.2.0/24")].source = node_ip("10.244.0.0");
  EXPECT_THAT(
      changes_between(wanted, two_remote_nodes()),
      ElementsAre("add address 10.244.0.0 dev veth-node0", "replace route 10.244.2.0/24 nhid 0x76000002 src 10.244.0.0",
                  "remove address 10.244.1.0 dev veth-node0"));
}

TEST(NodeChanges, AddAndRemoveSingleNodesOfTheFilter) {
  auto wanted = two_remote_nodes();
  wanted.filter->nodes = {node_ip("192.0.2.3"), node_ip("fd00:2::4")};
  EXPECT_THAT(changes_between(wanted, two_remote_nodes()), ElementsAre("add node fd00:2::4", "remove node 192.0.2.2"));
}

TEST(NodeChanges, ReplaceTheFilterIfItHasOtherPorts) {
  auto observed = two_remote_nodes();
  observed.filter->ports = {4789};
  EXPECT_THAT(changes_between(two_remote_nodes(), observed), ElementsAre("replace filter of tunnel packets, 2 nodes"));
}

TEST(NodeChanges, ReplaceAndRemoveNeighbours) {
  auto wanted = two_remote_nodes();
  auto observed = wanted;
  const auto gateway = node_ip("fe80::2");
  wanted.tunnels["veth-node0"].neighbours[gateway] = *cni::find_mac("02:00:00:00:00:02");
  EXPECT_THAT(changes_between(wanted, observed),
              ElementsAre("add neighbour fe80::2 lladdr 02:00:00:00:00:02 dev veth-node0"));
  observed.tunnels["veth-node0"].neighbours[gateway] = *cni::find_mac("02:00:00:00:00:03");
  EXPECT_THAT(changes_between(wanted, observed),
              ElementsAre("replace neighbour fe80::2 lladdr 02:00:00:00:00:02 dev veth-node0"));
  wanted.tunnels["veth-node0"].neighbours.clear();
  EXPECT_THAT(changes_between(wanted, observed),
              ElementsAre("remove neighbour fe80::2 lladdr 02:00:00:00:00:03 dev veth-node0"));
}

}  // namespace
