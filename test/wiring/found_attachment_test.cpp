#include "plugin/wiring/found_attachment.hpp"

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

/// The observed state of an end, with the routes that the kernel adds.
wiring::ObservedEnd as_built(const wiring::End& end, std::uint32_t index, std::uint32_t peer) {
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

wiring::FoundAttachment as_built(const wiring::Wiring& wiring) {
  wiring::FoundAttachment found_parts{.attachment = wiring.attachment, .host_interface = wiring.host.name};
  found_parts.observed.container = as_built(wiring.container, 2, 10);
  found_parts.observed.host = as_built(wiring.host, 10, 2);
  found_parts.host_addresses = {prefix("127.0.0.1/8"), prefix("::1/128"), prefix("fd99::1/128")};
  for (const auto& gateway : wiring.host_gateways) found_parts.host_addresses.push_back(cni::host_prefix(gateway));
  if (!wiring.bridge) return found_parts;
  found_parts.bridge = wiring.bridge->name;
  found_parts.observed.bridge = wiring::ObservedBridge{.index = 3, .is_bridge = true, .is_up = true};
  found_parts.observed.bridge->addresses = wiring.bridge->gateways;
  found_parts.observed.bridge->addresses.push_back(prefix("10.99.0.1/24"));
  return found_parts;
}

cni::Request request_in(cni::Mode mode) {
  cni::Request request;
  request.attachment = {.network = "net", .container = "c1", .interface = "eth0"};
  request.config.mode = mode;
  request.config.bridge.is_gateway = request.config.bridge.is_default_gateway = true;
  return request;
}

wiring::Wiring built(cni::Mode mode) {
  const cni::Lease lease{
      .addresses = {{prefix("10.1.2.5/24"), ip("10.1.2.1")}, {prefix("fd00::5/64"), ip("fd00::1")}},
      .routes = {{.destination = prefix("0.0.0.0/0")}, {.destination = prefix("::/0"), .mtu = 1300}}};
  const auto request = request_in(mode);
  return wiring::wire(request, wiring::complete_lease(request, lease), 1400);
}

std::vector<std::string> sorted(std::vector<std::string> lines) {
  std::ranges::sort(lines);
  return lines;
}

void expect_same_end(const wiring::End& found, const wiring::End& built) {
  EXPECT_EQ(found.name, built.name);
  EXPECT_EQ(found.mac, built.mac);
  EXPECT_EQ(sorted(words(found.addresses)), sorted(words(built.addresses)));
  EXPECT_EQ(sorted(words(found.routes)), sorted(words(built.routes)));
}

TEST(FoundAttachment, GivesTheWiringThatWasBuilt) {
  for (const auto mode : {cni::Mode::ptp, cni::Mode::bridge}) {
    const auto wanted = built(mode);
    const auto found = wiring::reconstruct_wiring(as_built(wanted));
    expect_same_end(found.container, wanted.container);
    expect_same_end(found.host, wanted.host);
    EXPECT_TRUE(found.bridge == wanted.bridge);
    EXPECT_EQ(words(found.host_gateways), words(wanted.host_gateways));
    EXPECT_EQ(found.forward_ipv4, wanted.forward_ipv4);
    EXPECT_EQ(found.forward_ipv6, wanted.forward_ipv6);
    EXPECT_EQ(found.mtu, 1400U);
  }
}

/// It does not enable forwarding on the host.
TEST(FoundAttachment, GivesThePairThatWasBuiltToTheHostNamespace) {
  auto request = request_in(cni::Mode::netns);
  request.config.peer = {.netns = "/proc/self/ns/net", .interface = "veth0", .addresses = {prefix("10.1.2.1/24")}};
  const auto wanted = wiring::wire(request, {.addresses = {{prefix("10.1.2.5/24")}, {prefix("fd00::5/64")}}}, 1400);
  auto found_parts = as_built(wanted);
  found_parts.peer_netns = "/proc/self/ns/net";
  EXPECT_EQ(wiring::reconstruct_wiring(found_parts), wanted);
}

TEST(FoundAttachment, OrdersNextHopsBeforeTheRoutesThroughThem) {
  auto found_parts = as_built(built(cni::Mode::ptp));
  std::ranges::reverse(found_parts.observed.container->routes);
  const auto routes = wiring::reconstruct_wiring(found_parts).container.routes;
  EXPECT_EQ(words(routes.front()), "10.1.2.1/32 src 10.1.2.5");
  EXPECT_EQ(routes.back().destination.length, 0U);
}

TEST(FoundAttachment, GivesTheNeighboursOfRoutedEnds) {
  const auto wanted = built(cni::Mode::ptp);
  const auto found = wiring::reconstruct_wiring(as_built(wanted));
  EXPECT_EQ(sorted(words(found.container.neighbours)), sorted(words(wanted.container.neighbours)));
  EXPECT_EQ(sorted(words(found.host.neighbours)), sorted(words(wanted.host.neighbours)));
}

TEST(FoundAttachment, IsLeftDownOnlyWithoutAddresses) {
  auto found_parts = as_built(built(cni::Mode::bridge));
  found_parts.observed.container->is_up = false;
  EXPECT_FALSE(wiring::reconstruct_wiring(found_parts).leave_down);
  found_parts.observed.container->addresses.clear();
  EXPECT_TRUE(wiring::reconstruct_wiring(found_parts).leave_down) << "as disableContainerInterface leaves it";
}

}  // namespace
