#include "plugin/wiring/source_address.hpp"

#include "plugin/wiring/wire.hpp"
#include "test/support/addresses.hpp"
#include "test/support/wiring_words.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::ip;
using test::prefix;
using test::words;
using Lines = std::vector<std::string>;

wiring::End end_with(const std::vector<const char*>& addresses, std::vector<wiring::Route> routes) {
  wiring::End end{.addresses = {{prefix("fe80::1/64")}}, .routes = std::move(routes)};
  for (const char* address : addresses) end.addresses.push_back({prefix(address)});
  wiring::choose_ipv6_sources(end);
  return end;
}

TEST(Ipv6Sources, AreTheFirstAddressOfSeveral) {
  const auto end = end_with({"10.1.2.5/24", "10.9.0.5/24", "fd00:2::5/64", "fd00:3::5/64"},
                            {{.destination = prefix("::/0"), .gateway = ip("fe80::9")},
                             {.destination = prefix("fd00:3::/64"), .source = ip("fd00:3::5")},
                             {.destination = prefix("fd77::/64")},
                             {.destination = prefix("0.0.0.0/0"), .gateway = ip("10.9.0.1")}});
  EXPECT_EQ(words(end.routes), (Lines{"::/0 via fe80::9 src fd00:2::5", "fd00:3::/64 src fd00:3::5",
                                      "fd77::/64 src fd00:2::5", "0.0.0.0/0 via 10.9.0.1"}));
}

TEST(Ipv6Sources, AreInThePrefixOfTheGateway) {
  const auto end =
      end_with({"fd00:2::5/64", "fd00:3::5/64"}, {{.destination = prefix("::/0"), .gateway = ip("fd00:2::1")},
                                                  {.destination = prefix("fd77::/64"), .gateway = ip("fd00:3::1")}});
  EXPECT_EQ(words(end.routes), (Lines{"::/0 via fd00:2::1 src fd00:2::5", "fd77::/64 via fd00:3::1 src fd00:3::5"}));
}

TEST(Ipv6Sources, AreLeftToTheKernelIfThereIsOneAddress) {
  const auto end = end_with({"10.1.2.5/24", "fd00:2::5/64"}, {{.destination = prefix("::/0")}});
  EXPECT_EQ(words(end.routes), Lines{"::/0"});
}

cni::Request request_of_mode(cni::Mode mode) {
  cni::Request request;
  request.attachment = {.network = "net", .container = "c1", .interface = "eth0"};
  request.config.mode = mode;
  request.config.peer = {.netns = "/run/netns/p", .interface = "eth1", .addresses = {prefix("fd00:2::9/64")}};
  return request;
}

std::optional<cni::IpAddress> default_source(const cni::Request& request) {
  const cni::Lease lease{.addresses = {{prefix("fd00:2::5/64"), ip("fd00:2::1")}, {prefix("fd00:3::5/64"), {}}},
                         .routes = {{.destination = prefix("::/0")}}};
  const auto routes = wiring::wire(request, lease, 1500).container.routes;
  const auto found = std::ranges::find(routes, prefix("::/0"), &wiring::Route::destination);
  return found == routes.end() ? std::nullopt : found->source;
}

TEST(Ipv6Sources, AreChosenInEachMode) {
  for (const auto mode : {cni::Mode::ptp, cni::Mode::bridge, cni::Mode::netns}) {
    EXPECT_TRUE(default_source(request_of_mode(mode)) == ip("fd00:2::5")) << static_cast<int>(mode);
  }
}

/// The kernel rejects a source address for which duplicate address detection has not ended.
TEST(Ipv6Sources, AreLeftToTheKernelWithDuplicateAddressDetection) {
  auto request = request_of_mode(cni::Mode::ptp);
  request.config.enable_dad = true;
  EXPECT_FALSE(default_source(request));
}

}  // namespace
