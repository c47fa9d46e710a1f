#include "plugin/wiring/wire_ptp.hpp"

#include "plugin/cni/error.hpp"
#include "test/support/addresses.hpp"
#include "test/support/error_text.hpp"
#include "test/support/wiring_words.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::prefix;
using test::words;
using Lines = std::vector<std::string>;

cni::LeasedAddress leased(std::string_view address, std::string_view gateway = {}) {
  return {.address = prefix(address), .gateway = cni::find_address(gateway)};
}

cni::Route route(std::string_view destination, std::string_view gateway = {}) {
  return {.destination = prefix(destination), .gateway = cni::find_address(gateway)};
}

/// One container with fixed MACs and link-local addresses.
class WirePtp : public testing::Test {
 protected:
  WirePtp() {
    request.attachment = {.network = "net", .container = "c1", .interface = "eth0"};
    request.config.requested.mac = cni::find_mac("02:00:00:00:00:01");
    host_mac = cni::host_mac(cni::tag_of(request.attachment));
    host_link_local = cni::to_string(cni::link_local_address(host_mac));
  }

  wiring::Wiring wire(std::vector<cni::LeasedAddress> addresses, std::vector<cni::Route> routes = {}) const {
    return wiring::wire_ptp(request, {.addresses = std::move(addresses), .routes = std::move(routes)}, 1500);
  }
  std::string on_host(const std::string& address) const { return address + " lladdr " + cni::to_string(host_mac); }

  void expect_refusal(const std::string& destination, const std::string& gateway) const {
    const auto act = [&] {
      wire({leased("10.1.2.5/24", "10.1.2.1"), leased("fd00::5/64", "fd00::1")}, {route(destination, gateway)});
    };
    EXPECT_EQ(test::error_text(act), "7: route " + destination + ": the gateway " + gateway +
                                         " is not on the link: in mode \"ptp\" the host is the only next hop");
  }

  cni::Request request;
  cni::MacAddress host_mac;
  std::string host_link_local;
  const std::string container_link_local = "fe80::ff:fe00:1";
};

TEST_F(WirePtp, RoutesIpv4ViaTheGatewayOnTheHostEnd) {
  const auto wiring = wire({leased("10.1.2.5/24", "10.1.2.1")}, {route("0.0.0.0/0")});
  EXPECT_EQ(words(wiring.container.addresses), (Lines{container_link_local + "/64", "10.1.2.5/24 noprefixroute"}));
  EXPECT_EQ(words(wiring.container.routes),
            (Lines{"10.1.2.1/32 src 10.1.2.5", "10.1.2.0/24 via 10.1.2.1 src 10.1.2.5", "0.0.0.0/0 via 10.1.2.1"}));
  EXPECT_EQ(words(wiring.container.neighbours), (Lines{on_host("10.1.2.1")}));
  EXPECT_EQ(words(wiring.host.addresses), (Lines{"10.1.2.1/32 noprefixroute"}));
  EXPECT_EQ(words(wiring.host.routes), (Lines{"10.1.2.5/32 src 10.1.2.1 exclusive"}));
  EXPECT_EQ(words(wiring.host.neighbours), (Lines{"10.1.2.5 lladdr 02:00:00:00:00:01"}));
  EXPECT_EQ(words(wiring.host_gateways), Lines{});
}

TEST_F(WirePtp, RoutesIpv6ViaTheLinkLocalAddressOfTheHostEnd) {
  const auto wiring = wire({leased("fd00::5/64", "fd00::1")}, {route("::/0")});
  EXPECT_EQ(words(wiring.container.addresses), (Lines{container_link_local + "/64", "fd00::5/64 noprefixroute"}));
  EXPECT_EQ(words(wiring.container.routes),
            (Lines{"fd00::/64 via " + host_link_local + " src fd00::5", "::/0 via " + host_link_local}));
  EXPECT_EQ(words(wiring.container.neighbours), (Lines{on_host(host_link_local)}));
  EXPECT_EQ(words(wiring.host.addresses), (Lines{host_link_local + "/128 noprefixroute"}));
  EXPECT_EQ(words(wiring.host.routes), (Lines{container_link_local + "/128", "fd00::5/128 exclusive"}));
  EXPECT_EQ(words(wiring.host.neighbours), (Lines{container_link_local + " lladdr 02:00:00:00:00:01",  //
                                                  "fd00::5 lladdr 02:00:00:00:00:01"}));
  EXPECT_EQ(words(wiring.host_gateways), (Lines{"fd00::1"}));
}

TEST_F(WirePtp, UsesOnePairForBothFamilies) {
  const auto wiring =
      wire({leased("10.1.2.5/24", "10.1.2.1"), leased("fd00::5/64", "fd00::1")}, {route("0.0.0.0/0"), route("::/0")});
  EXPECT_EQ(words(wiring.container.routes), (Lines{"10.1.2.1/32 src 10.1.2.5", "10.1.2.0/24 via 10.1.2.1 src 10.1.2.5",
                                                   "fd00::/64 via " + host_link_local + " src fd00::5",
                                                   "0.0.0.0/0 via 10.1.2.1", "::/0 via " + host_link_local}));
  EXPECT_EQ(words(wiring.host.addresses), (Lines{host_link_local + "/128 noprefixroute", "10.1.2.1/32 noprefixroute"}));
}

TEST_F(WirePtp, ForwardsTheFamiliesThatHaveAddresses) {
  struct Case {
    std::vector<cni::LeasedAddress> addresses;
    bool ipv4;
    bool ipv6;
  };
  const Case cases[] = {{{leased("10.1.2.5/24")}, true, false},
                        {{leased("fd00::5/64")}, false, true},
                        {{leased("10.1.2.5/24"), leased("fd00::5/64")}, true, true}};
  for (const auto& [addresses, ipv4, ipv6] : cases) {
    const auto wiring = wire(addresses);
    EXPECT_EQ(wiring.forward_ipv4, ipv4) << cni::to_string(addresses.front().address);
    EXPECT_EQ(wiring.forward_ipv6, ipv6) << cni::to_string(addresses.front().address);
  }
}

TEST_F(WirePtp, AddsNoRouteToAHostPrefix) {
  const auto wiring = wire({leased("10.1.2.5/32", "10.1.2.1")}, {route("0.0.0.0/0")});
  EXPECT_EQ(words(wiring.container.routes), (Lines{"10.1.2.1/32 src 10.1.2.5", "0.0.0.0/0 via 10.1.2.1"}));
}

TEST_F(WirePtp, AddsARouteToAnIpv6GatewayOutsideThePrefix) {
  for (const char* address : {"fd00::5/128", "fd77::5/64"}) {
    const auto routes = words(wire({leased(address, "fd00::1")}).container.routes);
    EXPECT_EQ(routes.back(), "fd00::1/128 via " + host_link_local) << address;
  }
}

TEST_F(WirePtp, RejectsAddressesThatNoContainerCanHave) {
  const std::pair<cni::LeasedAddress, const char*> cases[] = {
      {leased("10.1.2.5/0"), "7: address 10.1.2.5/0: the prefix length must not be 0"},
      {leased("0.0.0.0/24"), "7: address 0.0.0.0/24 cannot be assigned to a container"},
      {leased("127.0.0.5/8"), "7: address 127.0.0.5/8 cannot be assigned to a container"},
      {leased("ff02::5/64"), "7: address ff02::5/64 cannot be assigned to a container"},
      {leased("10.1.2.5/24", "fd00::1"), "7: address 10.1.2.5/24: the gateway fd00::1 is of the other address family"},
      {leased("10.1.2.5/24", "10.1.2.5"), "7: address 10.1.2.5/24 is its own gateway"}};
  for (const auto& [address, text] : cases) EXPECT_EQ(test::error_text([&, given = address] { wire({given}); }), text);
}

TEST_F(WirePtp, UsesALinkLocalGatewayForIpv4WithoutAGateway) {
  const auto wiring = wire({leased("10.1.2.5/24")}, {route("0.0.0.0/0")});
  EXPECT_EQ(
      words(wiring.container.routes),
      (Lines{"169.254.1.1/32 src 10.1.2.5", "10.1.2.0/24 via 169.254.1.1 src 10.1.2.5", "0.0.0.0/0 via 169.254.1.1"}));
  EXPECT_EQ(words(wiring.host.addresses), (Lines{"169.254.1.1/32 noprefixroute"}));
  EXPECT_EQ(words(wiring.host.routes), (Lines{"10.1.2.5/32 src 169.254.1.1 exclusive"}));
}

TEST_F(WirePtp, AddsNoIpv6GatewayToTheHostWithoutOneInTheLease) {
  for (const char* gateway : {"", "fe80::1"}) {
    const auto wiring = wire({leased("fd00::5/64", gateway)}, {route("::/0")});
    EXPECT_EQ(words(wiring.host_gateways), Lines{}) << gateway;
    EXPECT_EQ(words(wiring.container.routes).back(), "::/0 via " + host_link_local) << gateway;
  }
}

TEST_F(WirePtp, AddsAHostRouteForEachAddress) {
  const auto wiring = wire({leased("10.1.2.5/24", "10.1.2.1"), leased("10.9.0.5/16", "10.9.0.1"),
                            leased("fd00::5/64", "fd00::1"), leased("fd99::5/64", "fd99::1")});
  EXPECT_EQ(words(wiring.host.routes),
            (Lines{container_link_local + "/128", "10.1.2.5/32 src 10.1.2.1 exclusive",
                   "10.9.0.5/32 src 10.9.0.1 exclusive", "fd00::5/128 exclusive", "fd99::5/128 exclusive"}));
  EXPECT_EQ(words(wiring.host.addresses),
            (Lines{host_link_local + "/128 noprefixroute", "10.1.2.1/32 noprefixroute", "10.9.0.1/32 noprefixroute"}));
  EXPECT_EQ(words(wiring.host_gateways), (Lines{"fd00::1", "fd99::1"}));
}

/// The kernel rejects a second route with the same destination, table and metric (EEXIST), even with another source.
TEST_F(WirePtp, AddsNoRouteTwice) {
  const std::vector<cni::LeasedAddress> cases[] = {
      {leased("10.1.2.5/24", "10.1.2.1"), leased("10.1.2.130/24", "10.1.2.1")},
      {leased("10.1.2.5/32"), leased("10.9.0.5/32")},
      {leased("fd00::5/64", "fd00::1"), leased("fd00::6/64", "fd00::1")},
      {leased("fd00::5/128", "fd00::1"), leased("fd00::6/128", "fd00::1")}};
  for (const auto& addresses : cases) {
    std::set<cni::Prefix> destinations;
    for (const auto& each : wire(addresses).container.routes) {
      EXPECT_TRUE(destinations.insert(each.destination).second)
          << words(each) << " is added twice for " << cni::to_string(addresses[0].address) << " and "
          << cni::to_string(addresses[1].address);
    }
  }
}

TEST_F(WirePtp, AddsACommonGatewayOnce) {
  const auto wiring = wire({leased("10.1.2.5/24", "10.1.2.1"), leased("10.1.2.130/24", "10.1.2.1"),
                            leased("fd00::5/64", "fd00::1"), leased("fd00::6/64", "fd00::1")});
  EXPECT_EQ(words(wiring.host.addresses), (Lines{host_link_local + "/128 noprefixroute", "10.1.2.1/32 noprefixroute"}));
  EXPECT_EQ(words(wiring.host_gateways), (Lines{"fd00::1"}));
  EXPECT_EQ(words(wiring.container.neighbours), (Lines{on_host(host_link_local), on_host("10.1.2.1")}));
}

TEST_F(WirePtp, KeepsTheAttributesOfARoute) {
  auto rich = route("10.77.3.4/16");
  rich.mtu = 1400;
  rich.advmss = 1360;
  rich.priority = 50;
  rich.table = 100;
  rich.scope = 0;
  const auto wiring = wire({leased("10.1.2.5/24", "10.1.2.1")}, {rich});
  EXPECT_EQ(words(wiring.container.routes).back(),
            "10.77.0.0/16 via 10.1.2.1 mtu 1400 advmss 1360 metric 50 table 100 scope 0");
}

TEST_F(WirePtp, AcceptsARouteViaAGatewayOfTheLease) {
  const auto wiring = wire({leased("10.1.2.5/24", "10.1.2.1"), leased("fd00::5/64", "fd00::1")},
                           {route("10.77.0.0/16", "10.1.2.1"), route("fd77::/64", "fd00::1")});
  const auto routes = words(wiring.container.routes);
  EXPECT_EQ(routes.at(routes.size() - 2), "10.77.0.0/16 via 10.1.2.1");
  EXPECT_EQ(routes.back(), "fd77::/64 via " + host_link_local);
}

TEST_F(WirePtp, RejectsARouteViaAnotherGateway) {
  const std::pair<const char*, const char*> cases[] = {{"10.77.0.0/16", "10.1.2.254"}, {"fd77::/64", "fd00::fe"}};
  for (const auto& [destination, gateway] : cases) expect_refusal(destination, gateway);
}

TEST_F(WirePtp, RejectsARouteViaAGatewayOfTheOtherFamily) {
  const std::pair<const char*, const char*> cases[] = {{"10.77.0.0/16", "fd00::1"}, {"fd77::/64", "10.1.2.1"}};
  for (const auto& [destination, gateway] : cases) expect_refusal(destination, gateway);
}

/// The kernel rejects a next hop that has no link route ("Nexthop has invalid gateway").
TEST_F(WirePtp, HasALinkRouteToEachNextHop) {
  const auto wiring = wire({leased("10.1.2.5/24", "10.1.2.1"), leased("10.9.0.5/32"), leased("fd00::5/128", "fd00::1")},
                           {route("10.77.0.0/16", "10.1.2.1"), route("fd77::/64", "fd00::1"), route("::/0")});
  const auto is_direct = [&](const cni::IpAddress& hop) {
    if (cni::contains(prefix(container_link_local + "/64"), hop)) return true;
    return std::ranges::any_of(wiring.container.routes, [&](const wiring::Route& other) {
      return !other.gateway && cni::contains(other.destination, hop);
    });
  };
  for (const auto& each : wiring.container.routes) {
    EXPECT_TRUE(!each.gateway || is_direct(*each.gateway)) << words(each);
  }
}

TEST_F(WirePtp, AddsRoutesOfLinkScopeWithoutAGateway) {
  auto on_link = route("10.77.0.0/16");
  on_link.scope = 253;
  EXPECT_EQ(words(wire({leased("10.1.2.5/24", "10.1.2.1")}, {on_link}).container.routes).back(),
            "10.77.0.0/16 scope 253");
}

TEST_F(WirePtp, LeavesOutRoutesOfAFamilyWithoutAnAddress) {
  EXPECT_EQ(words(wire({leased("10.1.2.5/32", "10.1.2.1")}, {route("::/0")}).container.routes),
            (Lines{"10.1.2.1/32 src 10.1.2.5"}));
  EXPECT_EQ(words(wire({leased("fd00::5/128")}, {route("0.0.0.0/0")}).container.routes), Lines{});
}

TEST_F(WirePtp, AddsARouteToTheContainersPrefixOnce) {
  const auto wiring = wire({leased("10.1.2.5/24", "10.1.2.1")}, {route("10.1.2.0/24"), route("10.1.2.9/24")});
  EXPECT_EQ(words(wiring.container.routes),
            (Lines{"10.1.2.1/32 src 10.1.2.5", "10.1.2.0/24 via 10.1.2.1 src 10.1.2.5"}));
}

TEST_F(WirePtp, AddsADestinationOnceForEachTableAndPriority) {
  auto preferred = route("0.0.0.0/0");
  preferred.priority = 5;
  auto elsewhere = route("0.0.0.0/0");
  elsewhere.table = 100;
  const auto routes =
      words(wire({leased("10.1.2.5/32", "10.1.2.1")}, {route("0.0.0.0/0"), preferred, elsewhere}).container.routes);
  EXPECT_EQ(routes, (Lines{"10.1.2.1/32 src 10.1.2.5", "0.0.0.0/0 via 10.1.2.1", "0.0.0.0/0 via 10.1.2.1 metric 5",
                           "0.0.0.0/0 via 10.1.2.1 table 100"}));
}

TEST_F(WirePtp, AddsARouteForEachIpv4GatewayOfADestination) {
  const auto wiring = wire({leased("10.1.2.5/32", "10.1.2.1"), leased("10.9.0.5/32", "10.9.0.1"),
                            leased("fd00::5/128", "fd00::1"), leased("fd99::5/128", "fd99::1")},
                           {route("0.0.0.0/0", "10.1.2.1"), route("0.0.0.0/0", "10.9.0.1"), route("::/0", "fd00::1"),
                            route("::/0", "fd99::1")});
  const auto routes = words(wiring.container.routes);
  EXPECT_EQ(Lines(routes.end() - 3, routes.end()),
            (Lines{"0.0.0.0/0 via 10.1.2.1", "0.0.0.0/0 via 10.9.0.1", "::/0 via " + host_link_local}))
      << "IPv6 has one next hop";
}

TEST_F(WirePtp, DerivesNamesAndMacsFromTheAttachment) {
  request.config.requested.mac.reset();
  const auto wiring = wire({leased("10.1.2.5/24")});
  const auto tag = cni::tag_of(request.attachment);
  EXPECT_EQ(wiring.attachment, request.attachment);
  EXPECT_EQ(wiring.container.name, "eth0");
  EXPECT_EQ(wiring.container.mac, cni::container_mac(tag));
  EXPECT_EQ(wiring.host.name, cni::host_interface_name(tag));
  EXPECT_EQ(wiring.host.mac, cni::host_mac(tag));
}

TEST_F(WirePtp, UsesTheRequestedMac) {
  EXPECT_EQ(cni::to_string(wire({leased("10.1.2.5/24")}).container.mac), "02:00:00:00:00:01");
}

TEST_F(WirePtp, CopiesMtuAndDuplicateAddressDetection) {
  for (const bool enable_dad : {false, true}) {
    request.config.enable_dad = enable_dad;
    const auto wiring = wiring::wire_ptp(request, {.addresses = {leased("10.1.2.5/24")}}, 9000);
    EXPECT_EQ(wiring.mtu, 9000U);
    EXPECT_EQ(wiring.enable_dad, enable_dad);
  }
}

TEST_F(WirePtp, AddsNoLinkLocalAddressIfTheMtuIsTooSmallForIpv6) {
  const auto addresses_at = [&](std::uint32_t mtu) {
    return words(wiring::wire_ptp(request, {.addresses = {leased("10.1.2.5/24")}}, mtu).container.addresses);
  };
  EXPECT_EQ(addresses_at(1279), (Lines{"10.1.2.5/24 noprefixroute"}));
  EXPECT_EQ(addresses_at(1280), (Lines{container_link_local + "/64", "10.1.2.5/24 noprefixroute"}));
}

TEST_F(WirePtp, RejectsIpv6IfTheMtuIsTooSmall) {
  const cni::Lease lease{.addresses = {leased("10.1.2.5/24"), leased("fd00::5/64")}};
  EXPECT_EQ(test::error_text([&] { wiring::wire_ptp(request, lease, 1279); }),
            "7: /mtu: must be at least 1280 for IPv6, not 1279");
  EXPECT_EQ(test::error_text([&] { wiring::wire_ptp(request, lease, 1280); }), "");
}

TEST_F(WirePtp, NeedsAnAddress) {
  EXPECT_EQ(test::error_text([&] { wire({}); }), "7: the IPAM returned no address: mode \"ptp\" needs at least one");
}

}  // namespace
