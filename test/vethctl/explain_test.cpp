#include "plugin/vethctl/explain/commands.hpp"
#include "plugin/vethctl/explain/end_commands.hpp"
#include "plugin/vethctl/explain/rule_commands.hpp"
#include "plugin/vethctl/explain/traffic_commands.hpp"
#include "test/support/addresses.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using explain::Commands;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

wiring::Wiring explained_wiring() {
  wiring::Wiring wiring{.attachment = {.network = "net", .container = "c1", .interface = "eth0"}, .mtu = 1500};
  wiring.container = {.name = "eth0",
                      .mac = *cni::find_mac("02:00:00:00:00:01"),
                      .addresses = {{test::prefix("10.1.2.5/24"), false}, {test::prefix("fd00::5/64")}},
                      .routes = {{.destination = test::prefix("10.1.2.1/32")},
                                 {.destination = test::prefix("0.0.0.0/0"), .gateway = test::ip("10.1.2.1")}},
                      .neighbours = {{test::ip("10.1.2.1"), *cni::find_mac("02:00:00:00:00:02")}}};
  wiring.host = {.name = "vethhost",
                 .mac = *cni::find_mac("02:00:00:00:00:02"),
                 .addresses = {{test::prefix("10.1.2.1/32"), false}},
                 .routes = {{.destination = test::prefix("10.1.2.5/32"), .exclusive = true}}};
  wiring.forward_ipv4 = true;
  return wiring;
}

Commands explained(const wiring::Wiring& wiring) {
  return explain::commands(wiring, {.netns = "/run/netns/c1", .node_instance = "boot-1"});
}

std::size_t position_of(const Commands& commands, const std::string& part) {
  const auto found = std::ranges::find_if(
      commands, [&](const std::string& command) { return command.find(part) != std::string::npos; });
  EXPECT_NE(found, commands.end()) << part;
  return static_cast<std::size_t>(found - commands.begin());
}

TEST(ExplainShell, QuotesWordsForTheShell) {
  EXPECT_EQ(explain::word("eth0.100"), "eth0.100");
  EXPECT_EQ(explain::word(""), "''");
  EXPECT_EQ(explain::word("a;rm -r $x"), "'a;rm -r $x'");
  EXPECT_EQ(explain::word("it's"), R"('it'\''s')");
}

TEST(ExplainShell, RunsCommandsInTheNamespace) {
  EXPECT_EQ(explain::Namespace{}.ip("link"), "ip link");
  EXPECT_EQ(explain::Namespace{"/proc/self/ns/net"}.ip("link"), "ip link");
  EXPECT_EQ(explain::Namespace{"/run/netns/a b"}.ip("link"), "ip -n 'a b' link");
  EXPECT_EQ(explain::Namespace{"/proc/7/ns/net"}.ip("link"), "nsenter --net=/proc/7/ns/net ip link");
  EXPECT_EQ(explain::Namespace{"/run/netns/c1"}.sysctl("net/ipv4/conf/eth0.5/arp_notify", "1"),
            "nsenter --net=/run/netns/c1 sysctl -qw net/ipv4/conf/eth0.5/arp_notify=1");
}

TEST(ExplainEnds, WritesRoutesInTheWordsOfIp) {
  const explain::Device device{.name = "eth0"};
  wiring::Route route{.destination = test::prefix("fd00::/64"), .gateway = test::ip("fe80::1"), .priority = 7};
  route.mtu = 1400;
  route.table = 100;
  EXPECT_EQ(explain::add_route(device, route),
            "ip -6 route add fd00::/64 via fe80::1 dev eth0 proto 86 table 100 metric 7 mtu 1400");
  EXPECT_EQ(explain::add_route(device, {.destination = test::prefix("0.0.0.0/0"), .source = test::ip("10.1.2.5")}),
            "ip -4 route append default dev eth0 proto 86 src 10.1.2.5");
  EXPECT_EQ(explain::add_route(device, {.destination = test::prefix("10.1.2.5/32"), .exclusive = true}),
            "ip -4 route add 10.1.2.5/32 dev eth0 proto 86");
}

TEST(ExplainEnds, WritesAddressesInTheWordsOfIp) {
  const explain::Device device{.name = "eth0"};
  EXPECT_EQ(explain::add_address(device, {test::prefix("10.1.2.5/24"), false}, false),
            "ip address add 10.1.2.5/24 brd + dev eth0 noprefixroute");
  EXPECT_EQ(explain::add_address(device, {test::prefix("10.1.2.5/32")}, false), "ip address add 10.1.2.5/32 dev eth0");
  EXPECT_EQ(explain::add_address(device, {test::prefix("fd00::5/64")}, false),
            "ip address add fd00::5/64 dev eth0 nodad");
  EXPECT_EQ(explain::add_address(device, {test::prefix("fd00::5/64")}, true), "ip address add fd00::5/64 dev eth0");
}

TEST(ExplainWiring, CreatesBothEndsAndBringsThemUpBeforeTheirRoutes) {
  const auto commands = explained(explained_wiring());
  EXPECT_THAT(commands, Contains("ip link add vethhost address 02:00:00:00:00:02 mtu 1500 type veth peer eth0 address "
                                 "02:00:00:00:00:01 mtu 1500 netns c1"));
  EXPECT_THAT(commands, Contains("ip link set dev vethhost alias veth-cni/net/c1/eth0"));
  EXPECT_LT(position_of(commands, "link set dev eth0 up"), position_of(commands, "ip -n c1 -4 route append default"));
  EXPECT_LT(position_of(commands, "link set dev vethhost up"), position_of(commands, "ip -4 route add 10.1.2.5/32"));
  EXPECT_LT(position_of(commands, "net/ipv4/ip_forward=1"), position_of(commands, "link set dev vethhost up"));
  EXPECT_THAT(commands, Not(Contains(HasSubstr("nft"))));
}

TEST(ExplainWiring, LeavesTheContainerEndDownIfWanted) {
  auto wiring = explained_wiring();
  wiring.leave_down = true;
  EXPECT_THAT(explained(wiring), Not(Contains(HasSubstr("eth0 up"))));
}

TEST(ExplainWiring, CreatesABridgeOnlyIfItDoesNotExist) {
  auto wiring = explained_wiring();
  wiring.bridge = wiring::Bridge{.name = "br0", .gateways = {test::prefix("10.1.2.1/24")}, .isolated = true, .vlan = 5};
  wiring.bridge->trunk = {{7, 9}};
  const auto commands = explained(wiring);
  EXPECT_THAT(commands, Contains("ip link show dev br0 > /dev/null 2>&1 || ip link add name br0 mtu 1500 type bridge "
                                 "vlan_filtering 1"));
  EXPECT_THAT(commands, Contains("ip address replace 10.1.2.1/24 brd + dev br0.5"));
  EXPECT_THAT(commands, Contains("bridge link set dev vethhost hairpin off isolated on"));
  for (const auto* vlan :
       {"del dev vethhost vid 1", "add dev vethhost vid 5 pvid untagged", "add dev vethhost vid 7-9"})
    EXPECT_THAT(commands, Contains("bridge vlan " + std::string{vlan}));
}

TEST(ExplainWiring, CreatesANetkitPairInModeL2) {
  auto wiring = explained_wiring();
  EXPECT_THAT(explained(wiring), Contains(HasSubstr(" type veth peer eth0 ")));
  wiring.pair_kind = cni::PairKind::netkit;
  EXPECT_THAT(explained(wiring), Contains(HasSubstr(" type netkit mode l2 peer eth0 ")));
}

TEST(ExplainWiring, SetsTheSizesOfLargePacketsOfBothEndsAndTheBridge) {
  auto wiring = explained_wiring();
  EXPECT_THAT(explained(wiring), Not(Contains(HasSubstr("max_size"))));
  wiring.bridge = wiring::Bridge{.name = "br0"};
  wiring.big_tcp = wiring::BigTcp{.gso_ipv4_max_size = 196608, .gro_ipv4_max_size = 131072};
  const std::string sizes = " gso_ipv4_max_size 196608 gro_ipv4_max_size 131072";
  for (const auto* link : {"ip link set dev vethhost", "ip -n c1 link set dev eth0", "ip link set dev br0"}) {
    EXPECT_THAT(explained(wiring), Contains(link + sizes));
  }
}

TEST(ExplainRepair, RestoresVlansSizesAndChecksums) {
  using wiring::Kind;
  using wiring::Side;
  auto wiring = explained_wiring();
  wiring.bridge = wiring::Bridge{.name = "br0", .vlan = 5};
  const std::vector<wiring::Difference> differences{
      {Kind::checksum_offload, Side::container, "eth0", "off", "on"},
      {Kind::big_tcp, Side::container, "eth0", "gso_ipv4_max_size 196608", "gso_ipv4_max_size 65536"},
      {Kind::vlans, Side::host, "vethhost", "5 PVID untagged", "1 PVID untagged"}};
  EXPECT_EQ(
      explain::commands(differences, wiring, {.netns = "/run/netns/c1"}),
      (Commands{"# interface \"eth0\" has gso_ipv4_max_size 65536, expected gso_ipv4_max_size 196608",
                "ip -n c1 link set dev eth0 gso_ipv4_max_size 196608",
                "# port \"vethhost\" has VLANs 1 PVID untagged, expected 5 PVID untagged",
                "bridge vlan del dev vethhost vid 1-4094", "bridge vlan del dev vethhost vid 1",
                "bridge vlan add dev vethhost vid 5 pvid untagged",
                "# checksum offload of interface \"eth0\" is on: no TCP data passes a datapath of Open vSwitch in "
                "user space",
                "nsenter --net=/run/netns/c1 ethtool -K eth0 tx off"}));
}

/// The port that leads to the gateways has no trunk.
TEST(ExplainRepair, RestoresTheVlanOfTheGateways) {
  auto wiring = explained_wiring();
  wiring.bridge = wiring::Bridge{.name = "br0", .vlan = 5, .trunk = {{7, 9}}};
  const std::vector<wiring::Difference> differences{
      {wiring::Kind::vlans, wiring::Side::bridge, "vethgateway", "5 PVID untagged", "none"}};
  EXPECT_EQ(explain::commands(differences, wiring, {.netns = "/run/netns/c1"}),
            (Commands{"# port \"vethgateway\" has VLANs none, expected 5 PVID untagged",
                      "bridge vlan del dev vethgateway vid 1-4094", "bridge vlan del dev vethgateway vid 1",
                      "bridge vlan add dev vethgateway vid 5 pvid untagged"}));
}

TEST(ExplainWiring, PutsTheSecondEndIntoThePeerNamespace) {
  auto wiring = explained_wiring();
  wiring.peer_netns = "/run/netns/c2";
  const auto commands = explained(wiring);
  EXPECT_THAT(commands, Contains(HasSubstr("ip -n c2 link add vethhost ")));
  EXPECT_THAT(commands, Contains("ip -n c2 address add 10.1.2.1/32 dev vethhost noprefixroute"));
  EXPECT_THAT(commands, Not(Contains(HasSubstr("ip_forward"))));
}

TEST(ExplainTraffic, LimitsAndRedirects) {
  auto wiring = explained_wiring();
  wiring.ingress_limit = wiring::RateLimit{.rate_bytes_per_second = 1'000'000, .burst_bytes = 65536};
  wiring.egress_limit = wiring::RateLimit{.rate_bytes_per_second = 2'000'000, .burst_bytes = 70000};
  const auto ifb = wiring::ifb_name(wiring);
  EXPECT_EQ(explain::rate_limit_commands(wiring),
            (Commands{"tc qdisc add dev vethhost root handle 1: tbf rate 8000000bit burst 65536b limit 131072b",
                      "tc qdisc add dev " + ifb + " root handle 1: tbf rate 16000000bit burst 70000b limit 131072b",
                      "ip link set dev " + ifb + " up", "tc qdisc add dev vethhost ingress",
                      "tc filter add dev vethhost parent ffff: pref 2 protocol all u32 match u32 0 0 flowid 1:1 action "
                      "mirred egress redirect dev " +
                          ifb}));
}

TEST(ExplainTraffic, ChecksSourcesOnTheIfbIfThereIsOne) {
  auto wiring = explained_wiring();
  EXPECT_TRUE(explain::filter_commands(wiring).empty());
  wiring.accepted_sources = {test::ip("10.1.2.5")};
  EXPECT_THAT(explain::filter_commands(wiring), Contains(HasSubstr("tc qdisc add dev vethhost ingress_block ")));
  wiring.egress_limit = wiring::RateLimit{};
  EXPECT_THAT(explain::filter_commands(wiring),
              Contains(HasSubstr("tc qdisc add dev " + wiring::ifb_name(wiring) + " egress_block ")));
  EXPECT_EQ(explain::filter_commands(wiring).size(), 3U);
}

TEST(ExplainRules, AddsPartsOnceAndTheElements) {
  auto wiring = explained_wiring();
  EXPECT_TRUE(explain::rule_commands(wiring, "boot-1").empty());
  wiring.masquerades = {{test::ip("10.1.2.5"), {test::prefix("10.1.2.0/24")}}};
  wiring.host_ports = wiring::HostPorts{.mappings = {{"tcp", std::nullopt, 8080, test::ip("10.1.2.5"), 80},
                                                     {"udp", test::ip("10.9.9.9"), 53, test::ip("10.1.2.5"), 5353}}};
  const auto commands = explain::rule_commands(wiring, "boot-1");
  EXPECT_THAT(commands.front(), HasSubstr("nft list chain inet veth_cni postrouting > /dev/null 2>&1 || nft -f -"));
  EXPECT_THAT(commands.front(), HasSubstr("comment \"boot-1\";"));
  EXPECT_THAT(commands, Contains(HasSubstr("ip daddr 10.1.2.0/24 return comment \"10.1.2.0/24\"")));
  EXPECT_THAT(commands, Contains(HasSubstr("nft add element inet veth_cni ports4 '{ tcp . 8080 comment ")));
  EXPECT_THAT(commands, Contains(HasSubstr("address_ports4 '{ 10.9.9.9 . udp . 53 comment ")));
  EXPECT_THAT(commands, Contains(HasSubstr("self4 '{ 10.1.2.5 . 10.1.2.5 comment ")));
}

TEST(ExplainRemoval, RemovesOnlyWhatBelongsToTheAttachment) {
  auto wiring = explained_wiring();
  wiring.host_gateways = {test::ip("fd00::1")};
  wiring.egress_limit = wiring::RateLimit{};
  wiring.masquerades = {{test::ip("10.1.2.5"), {}}};
  const auto commands = explain::removal_commands(wiring);
  ASSERT_EQ(commands.size(), 5U);
  EXPECT_THAT(commands[0], HasSubstr("nft delete element inet veth_cni masquerade-net-"));
  EXPECT_THAT(commands[1], HasSubstr("nft delete element inet veth_cni owners '{ "));
  EXPECT_EQ(commands[2], "ip link del dev vethhost");
  EXPECT_EQ(commands[3], "ip link del dev " + wiring::ifb_name(wiring));
  EXPECT_EQ(commands[4], "# unless another attachment needs it: ip address del fd00::1/128 dev lo");
  wiring.peer_netns = "/run/netns/c2";
  EXPECT_THAT(explain::removal_commands(wiring), Contains("ip -n c2 link del dev vethhost"));
}

TEST(ExplainRepair, SortsTheCommandsAndPrintsEachDifference) {
  using wiring::Kind;
  using wiring::Side;
  const auto wiring = explained_wiring();
  const std::vector<wiring::Difference> differences{
      {Kind::address, Side::container, "eth0", "10.1.2.5/24"},
      {Kind::route, Side::container, "eth0", "0.0.0.0/0 via 10.1.2.1"},
      {Kind::mac, Side::host, "vethhost", "02:00:00:00:00:02", "02:00:00:00:00:09"},
      {Kind::down, Side::container, "eth0"},
      {Kind::ipv4_forwarding, Side::node, "net.ipv4.ip_forward", "1", "0"},
      {Kind::name, Side::host, "vethhost", "vethhost", "other"}};
  EXPECT_EQ(explain::commands(differences, wiring, {.netns = "/run/netns/c1"}),
            (Commands{"# interface \"eth0\" is down", "ip -n c1 link set dev eth0 up",
                      "# interface \"vethhost\" was renamed to \"other\"", "ip link set dev other name vethhost",
                      "# address 10.1.2.5/24 is missing on interface \"eth0\"",
                      "ip -n c1 address add 10.1.2.5/24 brd + dev eth0 noprefixroute",
                      "# route 0.0.0.0/0 via 10.1.2.1 is missing on interface \"eth0\"",
                      "ip -n c1 -4 route append default via 10.1.2.1 dev eth0 proto 86",
                      "# IPv4 forwarding is off on the host (net.ipv4.ip_forward)", "sysctl -qw net/ipv4/ip_forward=1",
                      "# interface \"vethhost\" has MAC 02:00:00:00:00:09, expected 02:00:00:00:00:02",
                      "#   is not restored by vethctl repair"}));
}

}  // namespace
