#include "plugin/kernel/reachability.hpp"

#include "plugin/kernel/routes.hpp"
#include "test/kernel/messages.hpp"
#include "test/support/addresses.hpp"

#include <linux/rtnetlink.h>

#include <cerrno>

#include <gtest/gtest.h>

namespace {

using test::device;
using test::ip;
using test::prefix;

wiring::Wiring routed() {
  wiring::Wiring wiring;
  wiring.container.addresses = {{prefix("10.1.2.2/24"), false}};
  wiring.host.addresses = {{prefix("10.1.2.1/32"), false}};
  wiring.host.routes = {{.destination = prefix("10.1.2.2/32"), .exclusive = true}};
  return wiring;
}

wiring::Wiring bridged() {
  wiring::Wiring wiring;
  wiring.container.addresses = {{prefix("10.1.2.2/24")}, {prefix("fe80::2/64")}};
  wiring.bridge = wiring::Bridge{.name = "br0", .gateways = {prefix("10.1.2.1/24")}};
  return wiring;
}

/// The kernel's answer: a route to the destination through the device, or a local one.
std::string answer(const char* destination, std::uint32_t index, int type = RTN_UNICAST) {
  const auto route = kernel::add_route({"eth0", index}, {.destination = prefix(destination)});
  static_cast<rtmsg*>(nlmsg_data(nlmsg_hdr(route.message.get())))->rtm_type = static_cast<unsigned char>(type);
  return test::bytes_of(route.message);
}

bool is_unreachable(const wiring::Wiring& wiring, const kernel::Answers& answers) {
  return !kernel::find_unreachable(wiring, device.index, answers).empty();
}

TEST(Reachability, NeedsARouteThroughTheHostEnd) {
  EXPECT_FALSE(is_unreachable(routed(), {.messages = {answer("10.1.2.2/32", device.index)}, .refusals = {}}));
  EXPECT_TRUE(is_unreachable(routed(), {.messages = {answer("10.1.2.2/32", 99)}, .refusals = {}}));
  EXPECT_TRUE(is_unreachable(routed(), {.messages = {answer("0.0.0.0/0", 99)}, .refusals = {}}));
  EXPECT_TRUE(is_unreachable(routed(), {.messages = {}, .refusals = {{0, EHOSTUNREACH, ""}}}));
  EXPECT_FALSE(is_unreachable(routed(), {.messages = {}, .refusals = {{0, EOPNOTSUPP, ""}}}))
      << "the query was not answered";
}

TEST(Reachability, ReportsAnAddressOfTheHost) {
  for (const auto& wiring : {routed(), bridged()}) {
    const auto found = kernel::find_unreachable(wiring, device.index,
                                                {.messages = {answer("10.1.2.2/32", 1, RTN_LOCAL)}, .refusals = {}});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front(), (kernel::Conflict{.address = ip("10.1.2.2"), .is_host_address = true}));
  }
}

TEST(Reachability, AcceptsTheRouteOfTheBridgeAndLargerOnes) {
  EXPECT_FALSE(is_unreachable(bridged(), {.messages = {answer("10.1.2.0/24", device.index)}, .refusals = {}}));
  EXPECT_FALSE(is_unreachable(bridged(), {.messages = {answer("0.0.0.0/0", 99)}, .refusals = {}}));
  EXPECT_TRUE(is_unreachable(bridged(), {.messages = {answer("10.1.2.0/25", 99)}, .refusals = {}}));
  EXPECT_FALSE(is_unreachable(bridged(), {.messages = {}, .refusals = {{0, ENETUNREACH, ""}}}));
  EXPECT_TRUE(is_unreachable(bridged(), {.messages = {}, .refusals = {{0, EACCES, ""}}}));
}

TEST(Reachability, DoesNotMatterOnABridgeWithoutGateway) {
  auto wiring = bridged();
  wiring.bridge->gateways.clear();
  EXPECT_FALSE(is_unreachable(wiring, {.messages = {answer("10.1.2.2/32", 99)}, .refusals = {}}));
  EXPECT_FALSE(is_unreachable(wiring, {.messages = {}, .refusals = {{0, EACCES, ""}}}));
}

TEST(Reachability, IsNotQueriedInModeNetns) {
  auto wiring = routed();
  wiring.peer_netns = "/run/netns/b";
  std::vector<kernel::NetlinkRequest> requests;
  kernel::add_reachability_queries(wiring, requests);
  kernel::add_gateway_queries(wiring, requests);
  EXPECT_TRUE(requests.empty());
}

TEST(HeldGateway, IsAHostRouteOfOurs) {
  EXPECT_EQ(kernel::find_held_gateway(routed(), {answer("10.1.2.1/32", 9)})->device_index, 9U);
  EXPECT_FALSE(kernel::find_held_gateway(routed(), {answer("10.1.2.1/32", 9, RTN_LOCAL)}).has_value());
  EXPECT_FALSE(kernel::find_held_gateway(routed(), {answer("10.1.2.0/24", 9)}).has_value());
  EXPECT_FALSE(kernel::find_held_gateway(routed(), {answer("10.1.2.9/32", 9)}).has_value());
}

}  // namespace
