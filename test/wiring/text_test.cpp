#include "plugin/wiring/text.hpp"

#include "test/support/addresses.hpp"

#include <limits>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using test::ip;
using test::prefix;

/// Each field has a value other than its default.
wiring::Wiring rich() {
  wiring::Wiring wiring;
  wiring.attachment = {.network = "net", .container = "c1", .interface = "eth0"};
  wiring.mtu = 9000;
  wiring.enable_dad = wiring.leave_down = wiring.forward_ipv4 = wiring.forward_ipv6 = true;
  wiring.container.name = "eth0";
  wiring.container.mac = cni::find_mac("02:00:00:00:00:01").value();
  wiring.container.addresses = {{prefix("10.1.2.5/24"), false}, {prefix("fe80::5/64"), true}};
  wiring.container.routes = {{.destination = prefix("0.0.0.0/0"),
                              .gateway = ip("10.1.2.1"),
                              .source = ip("10.1.2.5"),
                              .mtu = std::numeric_limits<std::uint32_t>::max(),
                              .advmss = 1360,
                              .priority = 0,
                              .table = 100,
                              .scope = 253,
                              .exclusive = true},
                             {.destination = prefix("::/0")}};
  wiring.container.neighbours = {{ip("fe80::1"), cni::find_mac("02:00:00:00:00:02").value()}};
  wiring.host.name = "vethhost";
  wiring.host.mac = cni::find_mac("02:00:00:00:00:02").value();
  wiring.bridge = wiring::Bridge{.name = "cni0",
                                 .gateways = {prefix("10.1.2.1/24")},
                                 .force_address = true,
                                 .promiscuous = true,
                                 .hairpin = true,
                                 .isolated = true,
                                 .vlan = 100,
                                 .trunk = {{200, 300}},
                                 .keep_default_vlan = true};
  wiring.peer_netns = "/run/netns/net1";
  wiring.host_gateways = {ip("fd00::1"), ip("fd99::1")};
  wiring.accepted_sources = {ip("10.1.2.5"), ip("fd00::5")};
  wiring.guards_loopback = true;
  wiring.ingress_limit = {.rate_bytes_per_second = std::numeric_limits<std::uint64_t>::max(), .burst_bytes = 1518};
  wiring.egress_limit = {.rate_bytes_per_second = 125, .burst_bytes = std::numeric_limits<std::uint32_t>::max()};
  wiring.big_tcp = wiring::BigTcp{1, 2, 3, 4};
  wiring.pair_kind = cni::PairKind::automatic;
  wiring.tuning = wiring::Tuning{.tx_queue_length = 0,
                                 .promiscuous = true,
                                 .all_multicast = true,
                                 .sysctls = {{"net/core/somaxconn", "500"}, {"net/ipv4/tcp_rmem", "1 2\t3"}}};
  return wiring;
}

/// The text of the rich wiring with one part of it replaced.
std::string replaced(std::string_view part, std::string_view by) {
  auto text = wiring::to_text(rich());
  const auto place = text.find(part);
  EXPECT_NE(place, std::string::npos) << part << " is not in " << text;
  return text.replace(place, part.size(), by);
}

TEST(WiringText, IsReadAsItWasWritten) {
  const auto text = wiring::to_text(rich());
  EXPECT_TRUE(wiring::find_wiring(text) == rich()) << text;
}

TEST(WiringText, IsReadWithoutOptionalMembers) {
  const auto text = wiring::to_text({});
  EXPECT_TRUE(wiring::find_wiring(text) == wiring::Wiring{}) << text;
}

TEST(WiringText, LeavesOutDefaults) {
  wiring::Wiring wiring;
  wiring.container.routes = {{.destination = prefix("::/0")}};
  const auto text = wiring::to_text(wiring);
  EXPECT_EQ(text, R"({"container":{"routes":[{"destination":"::/0"}]}})");
}

TEST(WiringText, IsOneLine) { EXPECT_EQ(wiring::to_text(rich()).find('\n'), std::string::npos); }

TEST(WiringText, IsRejectedIfItIsInvalid) {
  const std::string texts[] = {"",
                               "null",
                               "[]",
                               "17",
                               "\"text\"",
                               "{",
                               "\xff",
                               wiring::to_text(rich()) + "x",
                               wiring::to_text(rich()).substr(0, 100),
                               std::string(100'000, '['),
                               replaced(R"("mtu":9000)", R"("mtu":"9000")"),
                               replaced(R"("mtu":9000)", R"("mtu":-1)"),
                               replaced(R"("mtu":9000)", R"("mtu":4294967296)"),
                               replaced(R"("mtu":9000)", R"("mtu":1.5)"),
                               replaced(R"("scope":253)", R"("scope":256)"),
                               replaced(R"("enableDad":true)", R"("enableDad":1)"),
                               replaced(R"("prefix":"10.1.2.5/24")", R"("prefix":"10.1.2.5/33")"),
                               replaced(R"("prefix":"10.1.2.5/24")", R"("prefix":"10.1.2.5")"),
                               replaced(R"("gateway":"10.1.2.1")", R"("gateway":"10.1.2.256")"),
                               replaced("02:00:00:00:00:01", "02:00:00:00:00"),
                               replaced(R"("hostGateways":["fd00::1","fd99::1"])", R"("hostGateways":"fd00::1")"),
                               replaced(R"("burstBytes":4294967295)", R"("burstBytes":4294967296)"),
                               replaced(R"("txQueueLength":0)", R"("txQueueLength":"0")"),
                               replaced(R"("host":{)", R"("host":7,"x":{)")};
  for (const auto& text : texts) EXPECT_FALSE(wiring::find_wiring(text).has_value()) << text.substr(0, 2000);
}

TEST(WiringMode, FollowsFromThePartsOfTheWiring) {
  EXPECT_EQ(wiring::mode_of({}), "ptp");
  EXPECT_EQ(wiring::mode_of({.bridge = wiring::Bridge{.name = "cni0"}}), "bridge");
  EXPECT_EQ(wiring::mode_of({.peer_netns = "/run/netns/net1"}), "netns");
}

TEST(WiringText, IsReadInPartWithoutRoutesAndNeighbours) {
  auto partial = rich();
  partial.container.routes.clear();
  partial.container.neighbours.clear();
  partial.host.routes.clear();
  partial.host.neighbours.clear();
  EXPECT_TRUE(wiring::find_partial_wiring(wiring::to_text(rich())) == partial);
  EXPECT_EQ(wiring::find_partial_wiring("no wiring"), std::nullopt);
}

}  // namespace
