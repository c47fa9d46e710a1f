// What the kernel reports about the network to the other nodes.
#include "plugin/kernel/underlay.hpp"

#include "integration/cluster/support/cluster_of_nodes.hpp"
#include "integration/support/iproute.hpp"

#include <gtest/gtest.h>

namespace {

using namespace cluster_support;

class UnderlayOfNodes : public testing::Test {
 protected:
  void SetUp() override {
    connect({host, "eth1", other, "eth1"});
    run_ip_lines(host, {"address add 192.0.2.1/24 dev eth1", "address add fd00:2::1/64 dev eth1 nodad"});
  }

  static cni::IpAddress at(const char* text) { return *cni::find_address(text); }

  wiring::Underlay underlay(const std::vector<const char*>& nodes) const {
    std::vector<cni::IpAddress> addresses;
    for (const char* node : nodes) addresses.push_back(at(node));
    return support::in(host, [&] { return kernel::read_underlay(addresses); });
  }

  support::Namespace host{"host"};
  support::Namespace other{"other"};
};

TEST_F(UnderlayOfNodes, ContainsTheNodesThatAreReachedWithoutARouter) {
  run_ip_lines(host, {"route add default via 192.0.2.9", "route add default via fd00:2::9"});
  const auto found = underlay({"192.0.2.2", "198.51.100.1", "fd00:2::2", "fd00:3::1", "192.0.2.1"});
  EXPECT_EQ(found.on_link,
            (std::map<cni::IpAddress, std::string>{{at("192.0.2.2"), "eth1"}, {at("fd00:2::2"), "eth1"}}));
  EXPECT_TRUE(found.has_ipv6);
}

TEST_F(UnderlayOfNodes, CountsAGatewayOfTheOtherFamilyAsARouter) {
  run_ip_lines(host, {"route add 198.51.100.0/24 via inet6 fd00:2::9 dev eth1"});
  EXPECT_TRUE(underlay({"198.51.100.1"}).on_link.empty());
}

TEST_F(UnderlayOfNodes, CountsADefaultRouteWithoutAGatewayAsARouter) {
  run_ip_lines(host, {"route add default dev eth1", "route add 198.51.100.0/24 dev eth1"});
  EXPECT_EQ(underlay({"203.0.113.1", "198.51.100.1"}).on_link.size(), 1U);
}

TEST_F(UnderlayOfNodes, HasNoPathToUnreachableNodes) {
  run_ip_lines(host, {"route add unreachable 198.51.100.0/24"});
  EXPECT_TRUE(underlay({"198.51.100.1", "203.0.113.1"}).on_link.empty());
}

TEST_F(UnderlayOfNodes, HasTheSmallestMtuOfTheDevicesToTheNodes) {
  connect({host, "eth2", other, "eth2"});
  run_ip_lines(host, {"link set eth1 mtu 9000", "link set eth2 mtu 1400", "address add 198.51.100.1/24 dev eth2",
                      "route add default via 192.0.2.9"});
  EXPECT_EQ(underlay({}).mtu, 9000U);
  EXPECT_EQ(underlay({"192.0.2.2"}).mtu, 9000U);
  EXPECT_EQ(underlay({"192.0.2.2", "198.51.100.2"}).mtu, 1400U);
}

TEST_F(UnderlayOfNodes, AnswersForThousandsOfNodes) {
  std::vector<cni::IpAddress> addresses;
  for (std::uint32_t number = 0; number < 5000; ++number) {
    auto address = at("10.0.0.0");
    address.bits += number;
    addresses.push_back(address);
  }
  run_ip_lines(host, {"route add 10.0.0.0/20 dev eth1"});
  EXPECT_EQ(support::in(host, [&] { return kernel::read_underlay(addresses); }).on_link.size(), 4096U);
}

}  // namespace
