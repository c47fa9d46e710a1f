// A container that sends router advertisements must not change the routes of the host (CVE-2020-10749).
#include "integration/support/call.hpp"
#include "integration/support/fault.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/sysctl.hpp"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

struct Advertisement {
  nd_router_advert header{};
  nd_opt_prefix_info prefix{};
};

constexpr std::uint16_t half_an_hour = 1800;

/// Sends the advertisement of a router that offers a prefix and, for its lifetime in seconds, itself as the default
/// router: the attack of CVE-2020-10749. With a lifetime of 0 it offers only the prefix.
void advertise_router(const Namespace& netns, const std::string& interface, std::uint16_t lifetime = half_an_hour) {
  const auto socket = socket_in(netns, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
  constexpr int hops = 255;
  const int index = ip(netns, {"link", "show", interface}).at(0).at("ifindex").get<int>();
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

bool has_ra_route() {
  for (int tries = 0; tries < 10 * slowness(); ++tries) {
    if (!ip(Namespace::host(), {"-6", "route", "show", "proto", "ra"}).empty()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return false;
}

/// Every interface of the host accepts router advertisements, forwarding or not (accept_ra 2), unless it is configured
/// otherwise.
class RouterAdvertisement : public testing::Test {
 protected:
  RouterAdvertisement() {
    for (const auto* name : {"default", "all"}) set_sysctl(host, std::string{"ipv6/conf/"} + name + "/accept_ra", "2");
  }

  void make_bridge() const {
    run_ip(host, {"link", "add", "br0", "type", "bridge"});
    run_ip(host, {"link", "set", "br0", "up"});
  }

  void expect_ignored(const json& config) const {
    const auto added = add(container, config);
    ASSERT_EQ(added.exit, 0) << added;
    advertise_router(container.netns, "eth0");
    EXPECT_FALSE(has_ra_route());
    EXPECT_EQ(del(container, config).exit, 0);
  }

  Namespace host = Namespace::host();
  Container container{"a"};
};

TEST_F(RouterAdvertisement, OfARoutedContainerIsIgnored) { expect_ignored(in_mode("ptp")); }

TEST_F(RouterAdvertisement, OfAContainerOnANewBridgeIsIgnored) { expect_ignored(in_mode("bridge")); }

TEST_F(RouterAdvertisement, OfAContainerOnAnExistingBridgeIsIgnored) {
  make_bridge();
  set_sysctl(host, "ipv6/conf/br0/accept_ra", "1");
  json config = in_mode("bridge");
  config.erase("isGateway");  // then the host does not forward, and accepts advertisements
  config["ipam"].erase("routes");
  expect_ignored(config);
}

TEST_F(RouterAdvertisement, IsAcceptedOnABridgeWhereTheAdministratorSetAcceptRa2) {
  make_bridge();
  EXPECT_EQ(add(container, in_mode("bridge")).exit, 0);
  EXPECT_EQ(sysctl_of(host, "ipv6/conf/br0/accept_ra"), "2");
  EXPECT_EQ(del(container, in_mode("bridge")).exit, 0);
}

/// Shows that a host accepts the advertisement of the tests above.
TEST_F(RouterAdvertisement, IsAcceptedByAnInterfaceWithAcceptRa2) {
  const auto added = add(container, dual_stack());
  ASSERT_EQ(added.exit, 0) << added;
  set_sysctl(host, "ipv6/conf/" + host_interface_of(added.result) + "/accept_ra", "2");
  advertise_router(container.netns, "eth0");
  EXPECT_TRUE(has_ra_route());
  EXPECT_EQ(del(container, dual_stack()).exit, 0);
}

/// A bridge with a port to the router of the host.
TEST_F(RouterAdvertisement, OfTheRouterOfTheHostIsStillAcceptedAfterAdd) {
  make_bridge();
  const Namespace router{"router"};
  run_ip(host, {"link", "add", "uplink", "type", "veth", "peer", "eth0", "netns", "router"});
  run_ip(host, {"link", "set", "uplink", "up", "master", "br0"});
  run_ip(router, {"link", "set", "eth0", "up", "addrgenmode", "none"});
  run_ip(router, {"address", "add", "fe80::1/64", "dev", "eth0", "nodad"});
  for (int tries = 0; tries < 5 && !has_ra_route(); ++tries) advertise_router(router, "eth0");
  ASSERT_TRUE(has_ra_route());
  set_sysctl(host, "ipv6/conf/br0/accept_ra", "1");
  const auto added = add(container, in_mode("bridge"));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_NE(sysctl_of(host, "ipv6/conf/br0/accept_ra"), "0");
  EXPECT_TRUE(has_ra_route());
  EXPECT_EQ(del(container, in_mode("bridge")).exit, 0);
}

/// A node whose uplink accepts router advertisements unless the node forwards (accept_ra 1), as is the default.
class UplinkOfANode : public testing::Test {
 protected:
  UplinkOfANode() {
    for (const auto* name : {"default", "all"}) set_sysctl(host, std::string{"ipv6/conf/"} + name + "/accept_ra", "1");
  }

  void add_uplink() const {
    run_ip(host, {"link", "add", "uplink", "type", "veth", "peer", "eth0", "netns", "router"});
    run_ip(host, {"link", "set", "uplink", "up"});
    run_ip(router, {"link", "set", "eth0", "up", "addrgenmode", "none"});
    run_ip(router, {"address", "add", "fe80::1/64", "dev", "eth0", "nodad"});
  }

  void move_uplink_into_bridge() const {
    run_ip(host, {"link", "add", "br0", "type", "bridge"});
    run_ip(host, {"link", "set", "br0", "up"});
    run_ip(host, {"link", "set", "uplink", "master", "br0"});
  }

  std::string accept_ra(const std::string& interface) const {
    return sysctl_of(host, "ipv6/conf/" + interface + "/accept_ra");
  }

  /// Whether the host configures an address of the prefix that the router offers.
  bool configures_address(const std::string& interface, std::uint16_t lifetime) const {
    for (int tries = 0; tries < 20 * slowness(); ++tries) {
      advertise_router(router, "eth0", lifetime);
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

TEST_F(UplinkOfANode, StillAcceptsARouterThatOffersOnlyAPrefix) {
  add_uplink();
  ASSERT_EQ(add(container, dual_stack()).exit, 0);
  EXPECT_EQ(accept_ra("uplink"), "2");
  EXPECT_TRUE(configures_address("uplink", 0));
}

TEST_F(UplinkOfANode, AcceptsARouterThatAppearsAfterTheFirstAdd) {
  add_uplink();
  ASSERT_EQ(add(container, dual_stack()).exit, 0);
  EXPECT_TRUE(configures_address("uplink", half_an_hour));
  EXPECT_TRUE(has_ra_route());
}

TEST_F(UplinkOfANode, MayBeAddedAfterTheFirstAdd) {
  ASSERT_EQ(add(container, dual_stack()).exit, 0);
  add_uplink();
  EXPECT_TRUE(configures_address("uplink", half_an_hour));
}

TEST_F(UplinkOfANode, MayBeAPortOfTheBridgeOfContainers) {
  add_uplink();
  move_uplink_into_bridge();
  const auto added = add(container, in_mode("bridge"));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(accept_ra("br0"), "2");
  EXPECT_TRUE(configures_address("br0", half_an_hour));
}

TEST_F(UplinkOfANode, MayBeAPortOfABridgeThatWasDown) {
  add_uplink();
  move_uplink_into_bridge();
  run_ip(host, {"link", "set", "br0", "down"});
  ASSERT_EQ(add(container, in_mode("bridge")).exit, 0);
  EXPECT_TRUE(configures_address("br0", half_an_hour));
}

TEST_F(UplinkOfANode, MayBeAPortOfABridgeWithoutForwarding) {
  add_uplink();
  move_uplink_into_bridge();
  json config = in_mode("bridge");
  config.erase("isGateway");
  config["ipam"].erase("routes");
  ASSERT_EQ(add(container, config).exit, 0);
  EXPECT_EQ(accept_ra("br0"), "1") << "the node does not forward, and accepts advertisements";
  EXPECT_TRUE(configures_address("br0", 0));
}

TEST_F(UplinkOfANode, IsNotChangedWhereIpv6IsNotForwarded) {
  add_uplink();
  ASSERT_EQ(add(container, ipv4_only()).exit, 0);
  EXPECT_EQ(accept_ra("uplink") + accept_ra("default"), "11");
}

/// The host ends of earlier containers do not accept advertisements either.
TEST_F(UplinkOfANode, IgnoresAdvertisementsWhereTheAdministratorDisabledThem) {
  add_uplink();
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

/// The ADD that enables forwarding lists the interfaces. If it succeeds, it has read the whole list, and if it fails,
/// it leaves nothing.
TEST_F(UplinkOfANode, IsKeptByAnAddOfWhichASystemCallFails) {
  add_uplink();
  const Call addition{
      .command = "ADD", .container = container.id, .netns = container.netns.path(), .config = dual_stack()};
  const auto add_with = [&](const Fault& fault) {
    set_sysctl(host, "ipv6/conf/all/forwarding", "0");
    for (const auto* name : {"default", "uplink"}) {
      set_sysctl(host, std::string{"ipv6/conf/"} + name + "/accept_ra", "1");
    }
    auto outcome = call_with_fault(fault, addition);
    const auto where = std::to_string(fault.number) + ": " + std::strerror(fault.error);
    if (outcome.answer.exit == 0) {
      EXPECT_EQ(accept_ra("uplink"), "2") << where;
    } else if (outcome.answer.exit == 1) {  // not a crash of glibc without memory
      EXPECT_EQ(vethctl({"list", "--output", "json"}).out.find("\"container\""), std::string::npos)
          << where << outcome.answer;
    }
    EXPECT_EQ(del(container, dual_stack()).exit, 0);
    return outcome;
  };
  std::vector<std::size_t> receptions;
  bool was_reached = true;
  for (std::size_t number = 1; was_reached; ++number) {
    const auto outcome = add_with({.number = number, .kind = Fault::Kind::error, .error = EAGAIN});
    was_reached = outcome.was_reached;
    if (outcome.system_call == SYS_recvmsg) receptions.push_back(number);
  }
  EXPECT_GT(receptions.size(), 5U);
  for (const auto number : receptions) add_with({.number = number, .kind = Fault::Kind::error, .error = ENOMEM});
}

/// As after `sysctl -w` by an administrator, or with forwarding that other software has enabled.
TEST_F(UplinkOfANode, IsReportedByCheckIfTheNodeForwardsAndItIgnoresAdvertisements) {
  constexpr auto finding = "IPv6 forwarding is on and accept_ra is 1";
  add_uplink();
  EXPECT_EQ(vethctl({"check"}).out.find(finding), std::string::npos) << "the node does not forward";
  ASSERT_EQ(add(container, dual_stack()).exit, 0);
  EXPECT_EQ(vethctl({"check"}).out.find(finding), std::string::npos) << "ADD has set it to 2";
  set_sysctl(host, "ipv6/conf/uplink/accept_ra", "1");
  const auto checked = vethctl({"check"}).out;
  EXPECT_NE(checked.find(finding), std::string::npos) << checked;
  EXPECT_NE(checked.find("interface uplink"), std::string::npos) << checked;
  move_uplink_into_bridge();
  set_sysctl(host, "ipv6/conf/br0/accept_ra", "2");
  EXPECT_EQ(vethctl({"check"}).out.find(finding), std::string::npos) << "a port receives no advertisements itself";
}

}  // namespace
