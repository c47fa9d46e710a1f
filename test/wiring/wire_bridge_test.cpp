#include "plugin/wiring/wire_bridge.hpp"

#include "plugin/wiring/wire.hpp"
#include "test/support/addresses.hpp"
#include "test/support/error_text.hpp"
#include "test/support/wiring_words.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::ip;
using test::prefix;
using test::words;
using Lines = std::vector<std::string>;

cni::Request bridge_request() {
  cni::Request request;
  request.attachment = {.network = "net", .container = "c1", .interface = "eth0"};
  request.config.mode = cni::Mode::bridge;
  return request;
}

const cni::Lease bridge_lease{
    .addresses = {{prefix("10.1.2.5/24"), ip("10.1.2.1")}, {prefix("fd00::5/64"), ip("fd00::1")}}};

wiring::Wiring wire(const cni::Request& request, const cni::Lease& given = bridge_lease) {
  return wiring::wire(request, wiring::complete_lease(request, given), 1500);
}

TEST(WireBridge, GivesTheContainerItsAddressesWithTheirConnectedRoutes) {
  const auto wiring = wire(bridge_request());
  const auto link_local = cni::to_string(cni::link_local_address(wiring.container.mac)) + "/64";
  EXPECT_EQ(words(wiring.container.addresses), (Lines{link_local, "10.1.2.5/24", "fd00::5/64"}));
  EXPECT_TRUE(wiring.container.routes.empty());
  EXPECT_TRUE(wiring.host == (wiring::End{.name = wiring.host.name, .mac = wiring.host.mac}))
      << "a port has no addresses and routes";
}

TEST(WireBridge, RoutesViaTheGatewaysOfTheLease) {
  auto given = bridge_lease;
  given.routes = {{.destination = prefix("0.0.0.0/0")},
                  {.destination = prefix("10.9.0.0/16"), .gateway = ip("10.1.2.77")},
                  {.destination = prefix("::/0")},
                  {.destination = prefix("10.8.0.0/16"), .scope = 253}};
  EXPECT_EQ(
      words(wire(bridge_request(), given).container.routes),
      (Lines{"0.0.0.0/0 via 10.1.2.1", "10.9.0.0/16 via 10.1.2.77", "::/0 via fd00::1", "10.8.0.0/16 scope 253"}));
}

TEST(WireBridge, AddsARouteForEachGatewayOfADestination) {
  auto given = bridge_lease;
  given.routes = {{.destination = prefix("0.0.0.0/0"), .gateway = ip("10.1.2.1")},
                  {.destination = prefix("0.0.0.0/0"), .gateway = ip("10.1.2.2")},
                  {.destination = prefix("0.0.0.0/0")},
                  {.destination = prefix("::/0"), .gateway = ip("fd00::2")},
                  {.destination = prefix("::/0"), .gateway = ip("fd00::1")}};
  EXPECT_EQ(words(wire(bridge_request(), given).container.routes),
            (Lines{"0.0.0.0/0 via 10.1.2.1", "0.0.0.0/0 via 10.1.2.2", "::/0 via fd00::2", "::/0 via fd00::1"}));
}

TEST(WireBridge, LeavesOutRoutesOfAFamilyWithoutAnAddress) {
  const cni::Lease given{.addresses = {{prefix("10.1.2.5/24"), ip("10.1.2.1")}},
                         .routes = {{.destination = prefix("::/0")}}};
  EXPECT_TRUE(wire(bridge_request(), given).container.routes.empty());
}

TEST(WireBridge, HasTheGatewayAddressesWithIsGateway) {
  auto request = bridge_request();
  EXPECT_TRUE(wire(request).bridge->gateways.empty());
  EXPECT_FALSE(wire(request).forward_ipv4);
  request.config.bridge.is_gateway = true;
  const auto wiring = wire(request);
  EXPECT_TRUE(wiring.bridge->gateways == (std::vector{prefix("10.1.2.1/24"), prefix("fd00::1/64")}));
  EXPECT_TRUE(wiring.forward_ipv4 && wiring.forward_ipv6);
}

TEST(WireBridge, UsesTheFirstAddressOfTheNetworkIfTheIpamReturnsNoGateway) {
  auto request = bridge_request();
  request.config.bridge.is_gateway = true;
  const auto completed = wiring::complete_lease(request, {.addresses = {{prefix("10.1.2.5/24")}}});
  EXPECT_TRUE(completed.addresses.front().gateway == ip("10.1.2.1"));
  EXPECT_TRUE(completed.routes.empty());
}

TEST(WireBridge, AddsADefaultRouteUnlessTheLeaseHasOne) {
  auto request = bridge_request();
  request.config.bridge.is_gateway = request.config.bridge.is_default_gateway = true;
  EXPECT_EQ(words(wire(request).container.routes), (Lines{"0.0.0.0/0 via 10.1.2.1", "::/0 via fd00::1"}));
  auto given = bridge_lease;
  given.routes = {{.destination = prefix("0.0.0.0/0"), .gateway = ip("10.1.2.9")}};
  EXPECT_EQ(words(wire(request, given).container.routes), (Lines{"0.0.0.0/0 via 10.1.2.9", "::/0 via fd00::1"}));
}

TEST(WireBridge, DerivesTheMacFromNetworkAndAddress) {
  auto other = bridge_request();
  other.attachment.container = "c2";
  EXPECT_TRUE(wire(bridge_request()).container.mac == wire(other).container.mac) << "same network and address";
  auto elsewhere = bridge_request();
  elsewhere.attachment.network = "net2";
  EXPECT_FALSE(wire(bridge_request()).container.mac == wire(elsewhere).container.mac);
  other.config.requested.mac = cni::find_mac("02:00:00:00:00:07");
  EXPECT_TRUE(wire(other).container.mac == other.config.requested.mac);
}

TEST(WireBridge, GivesContainersWithoutAddressesDifferentMacs) {
  auto other = bridge_request();
  other.attachment.container = "c2";
  EXPECT_FALSE(wire(bridge_request(), {}).container.mac == wire(other, {}).container.mac);
}

TEST(WireBridge, LeavesTheContainerEndDownWithDisableContainerInterface) {
  auto request = bridge_request();
  request.config.bridge.disable_container_interface = true;
  const auto wiring = wire(request, {});
  EXPECT_TRUE(wiring.leave_down);
  EXPECT_TRUE(wiring.container.addresses.empty());
}

TEST(WireBridge, CopiesTheBridgeKeysOfTheConfiguration) {
  auto request = bridge_request();
  request.config.bridge = {.name = "br7",
                           .force_address = true,
                           .hairpin = true,
                           .promiscuous = false,
                           .vlan = 100,
                           .trunk = {{200, 300}},
                           .preserve_default_vlan = true,
                           .is_isolated = true};
  const wiring::Bridge wanted{.name = "br7",
                              .force_address = true,
                              .hairpin = true,
                              .isolated = true,
                              .vlan = 100,
                              .trunk = {{200, 300}},
                              .keep_default_vlan = true};
  EXPECT_TRUE(wire(request).bridge == wanted);
  EXPECT_EQ(wiring::gateway_interface(wanted), "br7.100");
  EXPECT_EQ(wiring::gateway_interface({.name = "br7"}), "br7");
}

TEST(WireBridge, RejectsAnAddressThatNoInterfaceCanHave) {
  EXPECT_EQ(test::error_text([] { wire(bridge_request(), {.addresses = {{prefix("224.0.0.1/24")}}}); }),
            "7: address 224.0.0.1/24 cannot be assigned to a container");
}

}  // namespace
