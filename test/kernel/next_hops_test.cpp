// The messages about next hops, routes between nodes and tunnel devices: what is sent has the form of what the kernel
// reports, so reading it returns the same value.
#include "plugin/kernel/next_hops.hpp"

#include "plugin/kernel/neighbours.hpp"
#include "plugin/kernel/tunnel_devices.hpp"
#include "test/kernel/messages.hpp"

#include <netlink/msg.h>

#include <linux/rtnetlink.h>

#include <string>

#include <gtest/gtest.h>

namespace {

using wiring::NextHop;

std::string sent_bytes(const kernel::NetlinkRequest& request) { return test::bytes_of(request.message); }

cni::IpAddress hop_address(const char* text) { return *cni::find_address(text); }

TEST(NextHopMessage, ReturnsTheObjectThatItAdds) {
  const NextHop hops[] = {
      {.device = "", .tunnel = {{.remote = hop_address("192.0.2.2"), .vni = 1}}},
      {.device = "", .tunnel = {{.local = hop_address("192.0.2.1"), .remote = hop_address("192.0.2.2"), .vni = 7}}},
      {.device = "", .tunnel = {{.local = hop_address("fd00:2::1"), .remote = hop_address("fd00:2::2"), .vni = 1}}},
      {.device = "", .gateway = hop_address("fe80::2"), .tunnel = {{.remote = hop_address("192.0.2.2"), .vni = 1}}},
      {.device = "", .gateway = hop_address("fd00:2::2")},
      {.family = cni::Family::ipv4, .device = "", .gateway = hop_address("192.0.2.2")},
      {.family = cni::Family::ipv4, .device = "", .tunnel = {{.remote = hop_address("192.0.2.2"), .vni = 1}}},
  };
  for (const auto& hop : hops) {
    const auto found = kernel::find_next_hop(sent_bytes(kernel::put_next_hop({0x76000001, hop}, 5)));
    ASSERT_TRUE(found) << wiring::to_string(hop);
    EXPECT_EQ(found->object.id, 0x76000001U);
    EXPECT_EQ(found->device_index, 5U);
    EXPECT_EQ(found->protocol, kernel::node_route_protocol);
    EXPECT_EQ(found->object.hop, hop) << wiring::to_string(found->object.hop);
  }
}

TEST(NextHopMessage, NamesTheObjectAndItsPath) {
  const NextHop hop{.device = "veth-node0", .tunnel = {{.remote = hop_address("192.0.2.2"), .vni = 1}}};
  EXPECT_EQ(kernel::put_next_hop({0x76000001, hop}, 5).action,
            "set next hop 0x76000001 encap id 1 dst 192.0.2.2 dev veth-node0");
  EXPECT_EQ(kernel::delete_next_hop(0x76000001).action, "delete next hop 0x76000001");
}

TEST(NextHopMessage, IsNotReadFromOtherAndShortenedMessages) {
  const NextHop hop{.device = "", .tunnel = {{.remote = hop_address("fd00:2::2"), .vni = 1}}};
  EXPECT_FALSE(kernel::find_next_hop(sent_bytes(kernel::list_node_routes(cni::Family::ipv4))));
  const auto whole = sent_bytes(kernel::put_next_hop({0x76000001, hop}, 5));
  for (std::size_t size = sizeof(nlmsghdr); size < whole.size(); ++size) {
    auto part = whole.substr(0, size);
    reinterpret_cast<nlmsghdr*>(part.data())->nlmsg_len = static_cast<std::uint32_t>(size);
    const auto found = kernel::find_next_hop(part);
    EXPECT_FALSE(found && found->object.hop == hop) << size;
  }
}

TEST(NodeRouteMessage, ReturnsTheRouteThatItAdds) {
  const wiring::NetworkRoute routes[] = {
      {*cni::find_prefix("10.244.2.0/24"), {.next_hop = 0x76000001}},
      {*cni::find_prefix("10.244.2.0/24"), {.next_hop = 0x76000001, .source = hop_address("10.244.1.0")}},
      {*cni::find_prefix("fd00:244::200/120"), {.next_hop = 0x76000001, .source = hop_address("fd00:244::100")}},
  };
  for (const auto& route : routes) {
    wiring::NodeNetwork network;
    kernel::read_node_route(sent_bytes(kernel::add_network_route(route)), network);
    ASSERT_EQ(network.routes.size(), 1U);
    EXPECT_EQ(network.routes.at(route.prefix), route.route);
    EXPECT_TRUE(network.unreachable.empty());
  }
}

TEST(NodeRouteMessage, ReturnsTheUnreachablePrefix) {
  for (const char* text : {"10.244.0.0/16", "fd00:244::/112"}) {
    wiring::NodeNetwork network;
    kernel::read_node_route(sent_bytes(kernel::put_unreachable_route({*cni::find_prefix(text)})), network);
    EXPECT_EQ(network.unreachable, (std::set{*cni::find_prefix(text)}));
    EXPECT_TRUE(network.routes.empty());
  }
}

TEST(NodeRouteMessage, IsIgnoredIfItIsOfAnotherProtocolOrTable) {
  for (const int field : {0, 1}) {
    auto message = sent_bytes(kernel::add_network_route({*cni::find_prefix("10.244.2.0/24"), {.next_hop = 1}}));
    auto& header = *static_cast<rtmsg*>(nlmsg_data(reinterpret_cast<nlmsghdr*>(message.data())));
    field == 0 ? header.rtm_protocol = RTPROT_STATIC : header.rtm_table = 100;
    wiring::NodeNetwork network;
    kernel::read_node_route(message, network);
    EXPECT_EQ(network, wiring::NodeNetwork{});
  }
}

TEST(TunnelDeviceMessage, ReturnsTheDeviceThatItCreates) {
  const wiring::TunnelDevice devices[] = {
      {"veth-node0", {.port = 4790, .mtu = 1464, .is_up = false}},
      {"veth-node1",
       {.encapsulation = wiring::Encapsulation::vxlan,
        .port = 4789,
        .mtu = 1450,
        .mac = cni::find_mac("02:00:00:00:00:01"),
        .is_up = false}},
  };
  for (const auto& device : devices) {
    const auto found = kernel::find_tunnel(sent_bytes(kernel::create_tunnel(device)));
    ASSERT_TRUE(found) << device.name;
    EXPECT_EQ(found->device, device) << device.name;
  }
}

TEST(TunnelDeviceMessage, ReturnsThePermanentNeighboursThatItSets) {
  const auto mac = *cni::find_mac("02:00:00:00:00:02");
  for (const bool is_permanent : {true, false}) {
    wiring::NodeTunnel tunnel;
    kernel::read_neighbour(
        sent_bytes(kernel::set_neighbour(
            {"veth-node1", 5}, {.address = hop_address("fe80::2"), .mac = mac, .is_permanent = is_permanent})),
        tunnel);
    EXPECT_EQ(tunnel.neighbours.size(), is_permanent ? 1U : 0U);
  }
}

}  // namespace
