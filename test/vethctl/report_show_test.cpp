#include "plugin/vethctl/report/show.hpp"
#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

using test::contains;
using test::wide;

wiring::ObservedEnd observed_as(const wiring::End& end) {
  wiring::ObservedEnd observed{.index = 7, .mac = end.mac, .mtu = 1500, .is_up = true, .routes = end.routes};
  for (const auto& address : end.addresses) observed.addresses.push_back(address.prefix);
  return observed;
}

inspect::Detail whole() {
  const auto wanted = test::wanted("web");
  inspect::Detail detail{.attachment = test::routed("web"), .wanted = wanted};
  detail.observed.container = observed_as(wanted.container);
  detail.observed.host = observed_as(wanted.host);
  detail.container = kernel::Counters{.received = {4, 456, 0, 0}, .sent = {3, 306, 0, 2}};
  detail.host = kernel::Counters{.received = {3, 306, 0, 0}, .sent = {4, 456, 0, 0}};
  return detail;
}

TEST(Show, PrintsExpectedAndActualValues) {
  EXPECT_EQ(report::show(whole(), wide),
            "network    net\n"
            "container  web\n"
            "interface  eth0\n"
            "namespace  /run/netns/web\n"
            "state      live\n"
            "age        1m\n"
            "mode       ptp\n"
            "\n"
            "eth0 in namespace web\n"
            "           EXPECTED                ACTUAL\n"
            "  state    up                      up\n"
            "  mac      02:00:00:00:00:0a       02:00:00:00:00:0a\n"
            "  mtu      1500                    1500\n"
            "  address  fe80::a/64              fe80::a/64\n"
            "  address  10.1.2.2/24             10.1.2.2/24\n"
            "  route    0.0.0.0/0 via 10.1.2.1  0.0.0.0/0 via 10.1.2.1\n"
            "\n"
            "veth-web on the host\n"
            "           EXPECTED           ACTUAL\n"
            "  state    up                 up\n"
            "  mac      02:00:00:00:00:0b  02:00:00:00:00:0b\n"
            "  mtu      1500               1500\n"
            "  address  10.1.2.1/32        10.1.2.1/32\n"
            "  route    10.1.2.2/32        10.1.2.2/32\n"
            "\n"
            "COUNTERS            PACKETS  BYTES  ERRORS  DROPPED\n"
            "eth0      received  4        456    0       0\n"
            "          sent      3        306    0       2\n"
            "veth-web  received  3        306    0       0\n"
            "          sent      4        456    0       0\n"
            "\n"
            "no differences\n");
}

TEST(Show, PrintsADashForAMissingValue) {
  auto detail = whole();
  detail.observed.container->addresses = {test::prefix("10.9.9.9/24")};
  detail.differences = {{wiring::Kind::address, wiring::Side::container, "eth0", "10.1.2.2/24"}};
  const auto text = report::show(detail, wide);
  EXPECT_TRUE(contains(text, "  address  10.1.2.2/24             -\n")) << text;
  EXPECT_TRUE(contains(text, "  address  -                       10.9.9.9/24\n")) << text;
  EXPECT_TRUE(text.ends_with("differences\n  address 10.1.2.2/24 is missing on interface \"eth0\"\n")) << text;
}

TEST(Show, ReportsAMissingEnd) {
  auto detail = whole();
  detail.observed.container.reset();
  detail.container.reset();
  EXPECT_TRUE(contains(report::show(detail, wide), "  state    up                      missing\n"));
}

TEST(Show, LeavesOutRoutesThatTheKernelAdds) {
  auto detail = whole();
  detail.observed.host->routes.push_back({.destination = test::prefix("ff00::/8"), .table = 255});
  EXPECT_FALSE(contains(report::show(detail, wide), "ff00::"));
}

TEST(Show, PrintsLimitsFromTheViewOfTheContainer) {
  auto detail = whole();
  EXPECT_FALSE(contains(report::show(detail, wide), "limit"));
  detail.wanted->ingress_limit = detail.observed.ingress_limit = {.rate_bytes_per_second = 2'500'000, .burst_bytes = 9};
  detail.wanted->egress_limit = {.rate_bytes_per_second = 125'000'000'000, .burst_bytes = 8};
  detail.observed.ifb = {.index = 4, .limit = detail.wanted->egress_limit};
  auto text = report::show(detail, wide);
  EXPECT_TRUE(contains(text, "  ingress limit  20 Mbit/s, burst 9    20 Mbit/s, burst 9\n")) << text;
  EXPECT_TRUE(contains(text, "  egress limit   1000 Gbit/s, burst 8  -\n")) << "nothing is redirected: " << text;
  detail.observed.redirected_to = 4;
  text = report::show(detail, wide);
  EXPECT_TRUE(contains(text, "  egress limit   1000 Gbit/s, burst 8  1000 Gbit/s, burst 8\n")) << text;
}

TEST(Show, PrintsTheVlansAndTheSizesOfLargePackets) {
  auto detail = whole();
  EXPECT_FALSE(contains(report::show(detail, wide), "vlans"));
  EXPECT_FALSE(contains(report::show(detail, wide), "big tcp"));
  detail.wanted->bridge = wiring::Bridge{.name = "br0", .vlan = 100};
  detail.wanted->big_tcp = wiring::BigTcp{.gso_ipv4_max_size = 196608};
  detail.observed.bridge = wiring::ObservedBridge{.is_bridge = true, .default_vlan = 1};
  detail.observed.host->vlans = {{1, true, true}};
  detail.observed.host->big_tcp = {65536, 65536, 196608, 65536};
  detail.observed.container->big_tcp = {65536, 65536, 65536, 65536};
  const auto shown = report::show(detail, wide);
  EXPECT_TRUE(contains(shown, "vlans      100 PVID untagged         1 PVID untagged")) << shown;
  EXPECT_TRUE(contains(shown, "big tcp    gso_ipv4_max_size 196608  gso_ipv4_max_size 196608")) << shown;
  EXPECT_TRUE(contains(shown, "big tcp  gso_ipv4_max_size 196608  gso_ipv4_max_size 65536")) << shown;
}

TEST(Show, PrintsTheKindOfAPairThatIsNoVeth) {
  auto detail = whole();
  EXPECT_FALSE(contains(report::show(detail, wide), "device"));
  detail.observed.host->kind = "netkit";
  EXPECT_TRUE(contains(report::show(detail, wide), "\ndevice     netkit\n")) << report::show(detail, wide);
}

TEST(Show, PrintsTheSecondNamespace) {
  auto detail = whole();
  detail.attachment = test::joined("red", "blue");
  EXPECT_TRUE(contains(report::show(detail, wide), "\neth1 in namespace blue\n"));
}

TEST(Show, ReportsAMissingRecord) {
  inspect::Detail detail{.attachment = test::in_state(test::routed("web"), inspect::State::unrecorded)};
  const auto text = report::show(detail, wide);
  EXPECT_TRUE(text.ends_with("no readable record: the wanted state is unknown\n")) << text;
}

}  // namespace
