#include "plugin/vethctl/inspect/causes.hpp"

#include <gtest/gtest.h>

namespace {

using inspect::Cause;
using wiring::Difference;
using wiring::Kind;
using wiring::Side;

const Difference host_down{Kind::down, Side::host, "veth-c1"};
const Difference host_route{Kind::route, Side::host, "veth-c1", "10.1.2.2/32"};
const Difference container_route{Kind::route, Side::container, "eth0", "0.0.0.0/0"};
const Difference ipv4_address{Kind::address, Side::container, "eth0", "10.1.2.2/24"};
const Difference ipv6_address{Kind::address, Side::container, "eth0", "fd00::2/64"};
const Difference forwarding{Kind::ipv4_forwarding, Side::node, "net.ipv4.ip_forward", "1", "0"};

TEST(Causes, ContainTheRoutesOfAnInterfaceThatIsDown) {
  EXPECT_TRUE(inspect::group_by_cause({host_route, host_down, container_route}) ==
              (std::vector<Cause>{{host_down, {host_route}}, {container_route}}));
}

TEST(Causes, ContainTheIpv6AddressesOfAnInterfaceThatIsDown) {
  const Difference down{Kind::down, Side::container, "eth0"};
  EXPECT_TRUE(inspect::group_by_cause({down, ipv4_address, ipv6_address}) ==
              (std::vector<Cause>{{down, {ipv6_address}}, {ipv4_address}}))
      << "the kernel keeps IPv4 addresses";
}

TEST(Causes, ContainWhatFollowsFromAMissingBridge) {
  const Difference missing{Kind::missing, Side::bridge, "cni0"};
  const Difference port{Kind::master, Side::host, "veth-c1", "cni0"};
  const Difference gateway{Kind::address, Side::bridge, "cni0", "10.7.0.1/24"};
  EXPECT_TRUE(inspect::group_by_cause({port, missing, gateway, forwarding}) ==
              (std::vector<Cause>{{missing, {port, gateway}}, {forwarding}}));
}

TEST(Causes, ContainIpv6ThatASmallMtuDisables) {
  Difference mtu{Kind::mtu, Side::container, "eth0", "1500", "1200"};
  EXPECT_TRUE(inspect::group_by_cause({mtu, ipv6_address}) == (std::vector<Cause>{{mtu, {ipv6_address}}}));
  mtu.found = "1280";
  EXPECT_TRUE(inspect::group_by_cause({mtu, ipv6_address}) == (std::vector<Cause>{{mtu}, {ipv6_address}}));
}

TEST(Causes, ContainTheEndsInANamespaceThatIsGone) {
  const Difference gone{Kind::network_namespace, Side::container, "/run/netns/c1", "", "No such file"};
  const Difference missing{Kind::missing, Side::host, "veth-c1"};
  EXPECT_TRUE(inspect::group_by_cause({gone, missing, forwarding}) ==
              (std::vector<Cause>{{gone, {missing}}, {forwarding}}));
}

}  // namespace
