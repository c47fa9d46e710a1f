// What a container says of itself as a router (CVE-2020-10749).
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/sysctl.hpp"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace {

using namespace support;

struct Advertisement {
  nd_router_advert header{};
  nd_opt_prefix_info prefix{};
};

constexpr std::uint16_t half_an_hour = 1800;

/// Of a router that offers a prefix and, for the time that its lifetime gives, itself as the default route: as
/// CVE-2020-10749 has it. A lifetime of 0 offers the prefix only.
void advertise_a_router(const Namespace& place, const std::string& interface, std::uint16_t lifetime = half_an_hour) {
  const auto socket = socket_in(place, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
  constexpr int hops = 255;
  const int index = ip(place, {"link", "show", interface}).at(0).at("ifindex").get<int>();
  ASSERT_EQ(::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops), 0);
  ASSERT_EQ(::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index), 0);
  Advertisement message;
  message.header.nd_ra_type = ND_ROUTER_ADVERT;
  message.header.nd_ra_router_lifetime = htons(lifetime);
  message.prefix.nd_opt_pi_type = ND_OPT_PREFIX_INFORMATION;
  message.prefix.nd_opt_pi_len = 4;
  message.prefix.nd_opt_pi_prefix_len = 64;
  message.prefix.nd_opt_pi_flags_reserved = ND_OPT_PI_FLAG_ONLINK | ND_OPT_PI_FLAG_AUTO;
  message.prefix.nd_opt_pi_valid_time = message.prefix.nd_opt_pi_preferred_time = htonl(3600);
  message.prefix.nd_opt_pi_prefix.s6_addr[0] = 0xfd;
  message.prefix.nd_opt_pi_prefix.s6_addr[1] = 0x66;
  sockaddr_in6 all_nodes{};
  all_nodes.sin6_family = AF_INET6;
  all_nodes.sin6_addr.s6_addr[0] = 0xff;
  all_nodes.sin6_addr.s6_addr[1] = 0x02;
  all_nodes.sin6_addr.s6_addr[15] = 0x01;
  const auto sent = ::sendto(socket.get(), &message, sizeof message, 0, reinterpret_cast<const sockaddr*>(&all_nodes),
                             sizeof all_nodes);
  ASSERT_EQ(sent, static_cast<ssize_t>(sizeof message)) << std::strerror(errno);
}

bool has_router_route() {
  for (int tries = 0; tries < 10; ++tries) {
    if (!ip(Namespace::host(), {"-6", "route", "show", "proto", "ra"}).empty()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return false;
}

/// Every interface of the host believes routers, forwarding or not, unless it is told otherwise.
class RouterAdvertisement : public testing::Test {
 protected:
  RouterAdvertisement() {
    for (const auto* name : {"default", "all"}) set_sysctl(host, std::string{"ipv6/conf/"} + name + "/accept_ra", "2");
  }

  void make_bridge() const {
    change_ip(host, {"link", "add", "br0", "type", "bridge"});
    change_ip(host, {"link", "set", "br0", "up"});
  }

  void expect_not_believed(const json& config) const {
    const auto added = add(container, config);
    ASSERT_EQ(added.exit, 0) << added;
    advertise_a_router(container.netns, "eth0");
    EXPECT_FALSE(has_router_route());
    EXPECT_EQ(del(container, config).exit, 0);
  }

  Namespace host = Namespace::host();
  Container container{"a"};
};

TEST_F(RouterAdvertisement, OfARoutedContainerIsNotBelieved) { expect_not_believed(in_mode("ptp")); }

TEST_F(RouterAdvertisement, OfAContainerOnANewBridgeIsNotBelieved) { expect_not_believed(in_mode("bridge")); }

TEST_F(RouterAdvertisement, OfAContainerOnABridgeThatStoodBeforeIsNotBelieved) {
  make_bridge();
  set_sysctl(host, "ipv6/conf/br0/accept_ra", "1");
  json config = in_mode("bridge");
  config.erase("isGateway");  // the host forwards nothing then, and takes advertisements
  config["ipam"].erase("routes");
  expect_not_believed(config);
}

TEST_F(RouterAdvertisement, IsTakenWhereTheAdministratorWantsItInAnyCase) {
  make_bridge();
  EXPECT_EQ(add(container, in_mode("bridge")).exit, 0);
  EXPECT_EQ(sysctl_of(host, "ipv6/conf/br0/accept_ra"), "2");
  EXPECT_EQ(del(container, in_mode("bridge")).exit, 0);
}

/// The advertisement of the tests above is one that a host would believe.
TEST_F(RouterAdvertisement, IsBelievedByAnInterfaceThatTakesIt) {
  const auto added = add(container, dual_stack());
  ASSERT_EQ(added.exit, 0) << added;
  set_sysctl(host, "ipv6/conf/" + host_interface_of(added.result) + "/accept_ra", "2");
  advertise_a_router(container.netns, "eth0");
  EXPECT_TRUE(has_router_route());
  EXPECT_EQ(del(container, dual_stack()).exit, 0);
}

/// A bridge with a port to the outside, where the host's own router is.
TEST_F(RouterAdvertisement, OfARouterThatTheHostHasAlreadyGoesOnBeingBelieved) {
  make_bridge();
  const Namespace router{"router"};
  change_ip(host, {"link", "add", "uplink", "type", "veth", "peer", "eth0", "netns", "router"});
  change_ip(host, {"link", "set", "uplink", "up", "master", "br0"});
  change_ip(router, {"link", "set", "eth0", "up", "addrgenmode", "none"});
  change_ip(router, {"address", "add", "fe80::1/64", "dev", "eth0", "nodad"});
  for (int tries = 0; tries < 5 && !has_router_route(); ++tries) advertise_a_router(router, "eth0");
  ASSERT_TRUE(has_router_route());
  set_sysctl(host, "ipv6/conf/br0/accept_ra", "1");
  const auto added = add(container, in_mode("bridge"));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_NE(sysctl_of(host, "ipv6/conf/br0/accept_ra"), "0");
  EXPECT_TRUE(has_router_route());
  EXPECT_EQ(del(container, in_mode("bridge")).exit, 0);
}

/// A node whose uplink takes router advertisements as the kernel does by default: unless it forwards.
class UplinkOfANode : public testing::Test {
 protected:
  UplinkOfANode() {
    for (const auto* name : {"default", "all"}) set_sysctl(host, std::string{"ipv6/conf/"} + name + "/accept_ra", "1");
  }

  void plug_in() const {
    change_ip(host, {"link", "add", "uplink", "type", "veth", "peer", "eth0", "netns", "router"});
    change_ip(host, {"link", "set", "uplink", "up"});
    change_ip(router, {"link", "set", "eth0", "up", "addrgenmode", "none"});
    change_ip(router, {"address", "add", "fe80::1/64", "dev", "eth0", "nodad"});
  }

  void put_into_bridge() const {
    change_ip(host, {"link", "add", "br0", "type", "bridge"});
    change_ip(host, {"link", "set", "br0", "up"});
    change_ip(host, {"link", "set", "uplink", "master", "br0"});
  }

  std::string accept_ra(const std::string& interface) const {
    return sysctl_of(host, "ipv6/conf/" + interface + "/accept_ra");
  }

  /// Whether the host gives itself an address of the prefix that a router offers.
  bool learns_address(const std::string& interface, std::uint16_t lifetime) const {
    for (int tries = 0; tries < 20; ++tries) {
      advertise_a_router(router, "eth0", lifetime);
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
      for (const auto& address : addresses(host, interface)) {
        if (address.starts_with("fd66:")) return true;
      }
    }
    return false;
  }

  Namespace host = Namespace::host();
  Namespace router{"router"};
  Container container{"a"};
};

TEST_F(UplinkOfANode, GoesOnLearningFromARouterThatOffersAPrefixOnly) {
  plug_in();
  ASSERT_EQ(add(container, dual_stack()).exit, 0);
  EXPECT_EQ(accept_ra("uplink"), "2");
  EXPECT_TRUE(learns_address("uplink", 0));
}

TEST_F(UplinkOfANode, LearnsFromARouterThatComesAfterTheFirstAdd) {
  plug_in();
  ASSERT_EQ(add(container, dual_stack()).exit, 0);
  EXPECT_TRUE(learns_address("uplink", half_an_hour));
  EXPECT_TRUE(has_router_route());
}

TEST_F(UplinkOfANode, MayBePluggedInAfterTheFirstAdd) {
  ASSERT_EQ(add(container, dual_stack()).exit, 0);
  plug_in();
  EXPECT_TRUE(learns_address("uplink", half_an_hour));
}

TEST_F(UplinkOfANode, MayBeTheBridgeThatContainersArePortsOf) {
  plug_in();
  put_into_bridge();
  const auto added = add(container, in_mode("bridge"));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(accept_ra("br0"), "2");
  EXPECT_TRUE(learns_address("br0", half_an_hour));
}

TEST_F(UplinkOfANode, MayBeABridgeThatWasDown) {
  plug_in();
  put_into_bridge();
  change_ip(host, {"link", "set", "br0", "down"});
  ASSERT_EQ(add(container, in_mode("bridge")).exit, 0);
  EXPECT_TRUE(learns_address("br0", half_an_hour));
}

TEST_F(UplinkOfANode, MayBeABridgeThatNothingIsForwardedFrom) {
  plug_in();
  put_into_bridge();
  json config = in_mode("bridge");
  config.erase("isGateway");
  config["ipam"].erase("routes");
  ASSERT_EQ(add(container, config).exit, 0);
  EXPECT_EQ(accept_ra("br0"), "1") << "the node forwards nothing, and takes advertisements";
  EXPECT_TRUE(learns_address("br0", 0));
}

TEST_F(UplinkOfANode, IsLeftAsItIsWhereNothingOfIpv6IsForwarded) {
  plug_in();
  ASSERT_EQ(add(container, ipv4_only()).exit, 0);
  EXPECT_EQ(accept_ra("uplink") + accept_ra("default"), "11");
}

/// Nor do the host ends of containers that were there before.
TEST_F(UplinkOfANode, DoesNotLearnWhereTheAdministratorSwitchedThatOff) {
  plug_in();
  set_sysctl(host, "ipv6/conf/uplink/accept_ra", "0");
  const Container before{"before"};
  const auto first = add(before, [] {
    json config = ipv4_only();
    config["name"] = "other";
    return config;
  }());
  const auto added = add(container, dual_stack());
  ASSERT_EQ(first.exit + added.exit, 0) << first << added;
  EXPECT_EQ(accept_ra("uplink"), "0");
  EXPECT_EQ(accept_ra(host_interface_of(first.result)), "0");
  EXPECT_EQ(accept_ra(host_interface_of(added.result)), "0");
}

}  // namespace
