#include "plugin/wiring/standing.hpp"

#include "plugin/wiring/difference.hpp"
#include "plugin/wiring/wire.hpp"
#include "test/support/addresses.hpp"
#include "test/support/wiring_words.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::ip;
using test::prefix;
using test::words;
using Lines = std::vector<std::string>;

constexpr std::uint32_t local_table = 255;

/// What the kernel tells of an end that was laid, with the routes that it makes itself.
wiring::ObservedEnd as_laid(const wiring::End& end, std::uint32_t index, std::uint32_t peer) {
  wiring::ObservedEnd there{.index = index, .peer_index = peer, .mac = end.mac, .mtu = 1400, .is_up = true};
  for (const auto& [address, prefix_route] : end.addresses) {
    there.addresses.push_back(address);
    there.routes.push_back({.destination = cni::host_prefix(address.address), .table = local_table});
    if (prefix_route) there.routes.push_back({.destination = cni::network_of(address), .source = address.address});
  }
  for (auto route : end.routes) {
    route.exclusive = false;
    there.routes.push_back(route);
  }
  return there;
}

wiring::Standing as_laid(const wiring::Wiring& wiring) {
  wiring::Standing standing{.attachment = wiring.attachment, .host_interface = wiring.host.name};
  standing.observed.container = as_laid(wiring.container, 2, 10);
  standing.observed.host = as_laid(wiring.host, 10, 2);
  standing.host_addresses = {prefix("127.0.0.1/8"), prefix("::1/128"), prefix("fd99::1/128")};
  for (const auto& gateway : wiring.host_gateways) standing.host_addresses.push_back(cni::host_prefix(gateway));
  if (!wiring.bridge) return standing;
  standing.bridge = wiring.bridge->name;
  standing.observed.bridge = wiring::ObservedBridge{.index = 3, .is_bridge = true, .is_up = true};
  standing.observed.bridge->addresses = wiring.bridge->gateways;
  standing.observed.bridge->addresses.push_back(prefix("10.99.0.1/24"));
  return standing;
}

cni::Request request(cni::Mode mode) {
  cni::Request request;
  request.attachment = {.network = "net", .container = "c1", .interface = "eth0"};
  request.config.mode = mode;
  request.config.bridge.is_gateway = request.config.bridge.is_default_gateway = true;
  return request;
}

wiring::Wiring laid(cni::Mode mode) {
  const cni::Lease lease{
      .addresses = {{prefix("10.1.2.5/24"), ip("10.1.2.1")}, {prefix("fd00::5/64"), ip("fd00::1")}},
      .routes = {{.destination = prefix("0.0.0.0/0")}, {.destination = prefix("::/0"), .mtu = 1300}}};
  const auto asked = request(mode);
  return wiring::wire(asked, wiring::complete(asked, lease), 1400);
}

std::vector<std::string> sorted(std::vector<std::string> lines) {
  std::ranges::sort(lines);
  return lines;
}

void expect_same_end(const wiring::End& found, const wiring::End& laid) {
  EXPECT_EQ(found.name, laid.name);
  EXPECT_EQ(found.mac, laid.mac);
  EXPECT_EQ(sorted(words(found.addresses)), sorted(words(laid.addresses)));
  EXPECT_EQ(sorted(words(found.routes)), sorted(words(laid.routes)));
}

TEST(Standing, IsTheWiringThatWasLaid) {
  for (const auto mode : {cni::Mode::ptp, cni::Mode::bridge}) {
    const auto wanted = laid(mode);
    const auto found = wiring::wiring_of(as_laid(wanted));
    expect_same_end(found.container, wanted.container);
    expect_same_end(found.host, wanted.host);
    EXPECT_TRUE(found.bridge == wanted.bridge);
    EXPECT_EQ(words(found.host_gateways), words(wanted.host_gateways));
    EXPECT_EQ(found.forward_ipv4, wanted.forward_ipv4);
    EXPECT_EQ(found.forward_ipv6, wanted.forward_ipv6);
    EXPECT_EQ(found.mtu, 1400U);
  }
}

/// A host that never forwarded does not begin to.
TEST(Standing, IsTheCableThatWasLaidToTheHost) {
  auto asked = request(cni::Mode::netns);
  asked.config.peer = {.netns = "/proc/self/ns/net", .interface = "veth0", .addresses = {prefix("10.1.2.1/24")}};
  const auto wanted = wiring::wire(asked, {.addresses = {{prefix("10.1.2.5/24")}, {prefix("fd00::5/64")}}}, 1400);
  auto standing = as_laid(wanted);
  standing.peer_netns = "/proc/self/ns/net";
  EXPECT_EQ(wiring::wiring_of(standing), wanted);
}

TEST(Standing, LaysNextHopsBeforeTheRoutesThroughThem) {
  auto standing = as_laid(laid(cni::Mode::ptp));
  std::ranges::reverse(standing.observed.container->routes);
  const auto routes = wiring::wiring_of(standing).container.routes;
  EXPECT_EQ(words(routes.front()), "10.1.2.1/32 src 10.1.2.5");
  EXPECT_EQ(routes.back().destination.length, 0U);
}

TEST(Standing, KnowsTheNeighboursOfRoutedEnds) {
  const auto wanted = laid(cni::Mode::ptp);
  const auto found = wiring::wiring_of(as_laid(wanted));
  EXPECT_EQ(sorted(words(found.container.neighbours)), sorted(words(wanted.container.neighbours)));
  EXPECT_EQ(sorted(words(found.host.neighbours)), sorted(words(wanted.host.neighbours)));
}

TEST(Standing, TakesNoDownInterfaceForOneThatIsToBe) {
  auto standing = as_laid(laid(cni::Mode::bridge));
  standing.observed.container->is_up = false;
  EXPECT_FALSE(wiring::wiring_of(standing).leave_down);
  standing.observed.container->addresses.clear();
  EXPECT_TRUE(wiring::wiring_of(standing).leave_down) << "as disableContainerInterface leaves it";
}

}  // namespace
