#include "plugin/wiring/difference.hpp"

#include "plugin/cni/chain_member.hpp"
#include "test/support/addresses.hpp"

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wiring {

/// Prints a difference in messages of GoogleTest.
void PrintTo(const Difference& difference, std::ostream* out) {
  *out << to_string(difference) << " {" << static_cast<int>(difference.kind) << ", "
       << static_cast<int>(difference.side) << ", " << difference.object << ", " << difference.wanted << ", "
       << difference.found << '}';
}

}  // namespace wiring

namespace {

using test::ip;
using test::prefix;
using wiring::Kind;
using wiring::Side;
using Differences = std::vector<wiring::Difference>;

constexpr auto alias = "veth-cni/net/c1/eth0";

/// A small wiring of both families, and the complete observed state of it.
class Difference : public testing::Test {
 protected:
  Difference() {
    wanted.attachment = {.network = "net", .container = "c1", .interface = "eth0"};
    wanted.mtu = 1500;
    wanted.host_gateways = {ip("fd00::1")};
    wanted.forward_ipv4 = wanted.forward_ipv6 = true;
    wanted.container.name = "eth0";
    wanted.container.mac = cni::find_mac("02:00:00:00:00:01").value();
    wanted.container.addresses = {{prefix("10.1.2.5/24"), false}, {prefix("fd00::5/64"), false}};
    wanted.container.routes = {{.destination = prefix("0.0.0.0/0"), .gateway = ip("10.1.2.1")},
                               {.destination = prefix("10.1.2.1/32")}};
    wanted.host.name = "vethhost";
    wanted.host.mac = cni::find_mac("02:00:00:00:00:02").value();
    wanted.host.addresses = {{prefix("10.1.2.1/32"), false}};
    wanted.host.routes = {{.destination = prefix("10.1.2.5/32")}};
    actual.container = as_wanted(wanted.container, 2, 10);
    actual.host = as_wanted(wanted.host, 10, 2);
    actual.host->alias = alias;
    actual.is_pair = true;
    actual.host_gateways = wanted.host_gateways;
    actual.forward_ipv4 = actual.forward_ipv6 = true;
  }

  static wiring::ObservedEnd as_wanted(const wiring::End& end, std::uint32_t index, std::uint32_t peer) {
    wiring::ObservedEnd observed;
    observed.index = index;
    observed.name = end.name;
    observed.kind = "veth";
    observed.peer_index = peer;
    observed.mac = end.mac;
    observed.mtu = 1500;
    observed.is_up = true;
    observed.routes = end.routes;
    for (const auto& address : end.addresses) observed.addresses.push_back(address.prefix);
    return observed;
  }
  Differences difference() const { return wiring::difference(wanted, actual); }

  struct Case {
    std::function<void(wiring::Observed&)> change;
    wiring::Difference difference;
  };
  void expect_each(const std::vector<Case>& cases) const {
    for (const auto& [change, difference] : cases) {
      auto changed = actual;
      change(changed);
      EXPECT_EQ(wiring::difference(wanted, changed), Differences{difference});
    }
  }

  wiring::Wiring wanted;
  wiring::Observed actual;
};

TEST_F(Difference, IsEmptyIfNothingIsMissing) { EXPECT_EQ(difference(), Differences{}); }

TEST_F(Difference, ReportsAnEndThatDiffers) {
  expect_each({{[](auto& it) { it.container.reset(); }, {Kind::missing, Side::container, "eth0"}},
               {[](auto& it) { it.host.reset(); }, {Kind::missing, Side::host, "vethhost"}},
               {[](auto& it) { it.container->is_up = false; }, {Kind::down, Side::container, "eth0"}},
               {[](auto& it) { it.host->is_up = false; }, {Kind::down, Side::host, "vethhost"}},
               {[](auto& it) { it.container->mac.bytes[5] = 9; },
                {Kind::mac, Side::container, "eth0", "02:00:00:00:00:01", "02:00:00:00:00:09"}},
               {[](auto& it) { it.host->mac.bytes[5] = 9; },
                {Kind::mac, Side::host, "vethhost", "02:00:00:00:00:02", "02:00:00:00:00:09"}}});
}

TEST_F(Difference, ReportsMissingAddressesAndRoutesOfAnEnd) {
  const wiring::Difference default_route{Kind::route, Side::container, "eth0", "0.0.0.0/0 via 10.1.2.1"};
  expect_each({{[](auto& it) { it.container->addresses.erase(it.container->addresses.begin()); },
                {Kind::address, Side::container, "eth0", "10.1.2.5/24"}},
               {[](auto& it) { it.container->addresses[1].length = 48; },
                {Kind::address, Side::container, "eth0", "fd00::5/64"}},
               {[](auto& it) { it.host->addresses.clear(); }, {Kind::address, Side::host, "vethhost", "10.1.2.1/32"}},
               {[](auto& it) { it.container->routes.erase(it.container->routes.begin()); }, default_route},
               {[](auto& it) { it.container->routes[0].gateway = ip("10.1.2.9"); }, default_route},
               {[](auto& it) { it.host->routes.clear(); }, {Kind::route, Side::host, "vethhost", "10.1.2.5/32"}}});
}

TEST_F(Difference, ReportsWhatDiffersBetweenTheEnds) {
  expect_each({{[](auto& it) { it.host->alias = "rack 7"; }, {Kind::alias, Side::host, "vethhost", alias, "rack 7"}},
               {[](auto& it) { it.host->name = "uplink"; }, {Kind::name, Side::host, "vethhost", "vethhost", "uplink"}},
               {[](auto& it) { it.is_pair = false; }, {Kind::peer, Side::container, "eth0", "vethhost"}}});
  actual.container->name = "eth7";
  actual.container->alias = "mine";
  EXPECT_EQ(difference(), Differences{}) << "later plugins may change those of the container end";
}

TEST_F(Difference, ReportsMissingSettingsOfTheNode) {
  expect_each({{[](auto& it) { it.host_gateways.clear(); }, {Kind::gateway, Side::node, "lo", "fd00::1"}},
               {[](auto& it) { it.forward_ipv4 = false; },
                {Kind::ipv4_forwarding, Side::node, "net.ipv4.ip_forward", "1", "0"}},
               {[](auto& it) { it.forward_ipv6 = false; },
                {Kind::ipv6_forwarding, Side::node, "net.ipv6.conf.all.forwarding", "1", "0"}},
               {[](auto& it) { it.missing_rules = {"masquerading of 10.1.2.5"}; },
                {Kind::rule, Side::node, "masquerading of 10.1.2.5"}}});
}

TEST_F(Difference, ReportsAnMtuThatDiffers) {
  expect_each({{[](auto& it) { it.host->mtu = 1280; }, {Kind::mtu, Side::host, "vethhost", "1500", "1280"}},
               {[](auto& it) { it.container->mtu = 1280; }, {Kind::mtu, Side::container, "eth0", "1500", "1280"}}});
  actual.container->mtu = 1280;
  wanted.mtu = 0;
  actual.host->mtu = 1280;
  EXPECT_EQ(difference(), Differences{}) << "no record contains the wanted one";
}

TEST_F(Difference, ReportsAnEndThatDividesLargePackets) {
  actual.host->big_tcp = actual.container->big_tcp = {65536, 65536, 65536, 65536};
  EXPECT_EQ(difference(), Differences{});
  wanted.big_tcp = wiring::BigTcp{.gso_ipv4_max_size = 196608, .gro_ipv4_max_size = 65536};
  actual.container->big_tcp.gso_ipv4_max_size = 200000;
  const wiring::Difference host{Kind::big_tcp, Side::host, "vethhost", "gso_ipv4_max_size 196608",
                                "gso_ipv4_max_size 65536"};
  EXPECT_EQ(difference(), Differences{host});
  EXPECT_EQ(wiring::to_string(host),
            R"(interface "vethhost" has gso_ipv4_max_size 65536, expected gso_ipv4_max_size 196608)");
  actual.host->big_tcp.gso_ipv4_max_size = 196608;
  EXPECT_EQ(difference(), Differences{});
  actual.container->big_tcp.gso_ipv4_max_size = 7;
  EXPECT_EQ(difference().at(0).side, Side::container);
  EXPECT_FALSE(wiring::may_be_intended(wanted, difference().at(0)));
}

TEST_F(Difference, MayBeIntendedIfALaterPluginHasSetTheMtuOfTheContainerEnd) {
  const wiring::Difference of_container{Kind::mtu, Side::container, "eth0", "1500", "1280"};
  const wiring::Difference too_small{Kind::mtu, Side::container, "eth0", "1500", "1279"};
  EXPECT_TRUE(wiring::may_be_intended(wanted, of_container));
  EXPECT_EQ(wiring::may_be_intended(wanted, too_small), !wiring::has_ipv6(wanted.container));
  wanted.container.addresses.push_back({prefix("fd00::5/64")});
  EXPECT_FALSE(wiring::may_be_intended(wanted, too_small)) << "the kernel removes the IPv6 addresses";
  EXPECT_FALSE(wiring::may_be_intended(wanted, {Kind::mtu, Side::host, "vethhost", "1500", "1280"}));
  wanted.peer_netns = "/run/netns/net1";
  EXPECT_FALSE(wiring::may_be_intended(wanted, of_container)) << "a connection has no later plugin";
}

TEST_F(Difference, ReportsWhatMappedPortsOfLoopbackAddressesNeed) {
  wanted.host_ports = wiring::HostPorts{.mappings = {{.protocol = "tcp", .container_address = ip("10.1.2.5")},
                                                     {.protocol = "tcp", .container_address = ip("fd00::5")}}};
  EXPECT_EQ(difference(), (Differences{{Kind::route_localnet, Side::host, "vethhost", "1", "0"},
                                       {Kind::loopback_route, Side::host, "vethhost", "::1"}}));
  actual.host->route_localnet = true;
  actual.host->routes.push_back({.destination = prefix("::1/128"), .table = 255});
  EXPECT_EQ(difference(), Differences{});
}

TEST_F(Difference, ReportsAMissingLoopbackGuard) {
  wanted.guards_loopback = true;
  EXPECT_EQ(difference(), (Differences{{Kind::loopback_guard, Side::host, "vethhost"}}));
  actual.host->guards_loopback = true;
  EXPECT_EQ(difference(), Differences{});
}

TEST_F(Difference, ReportsAMissingSourceCheck) {
  wanted.accepted_sources = {ip("10.1.2.5")};
  EXPECT_EQ(difference(), (Differences{{Kind::source_check, Side::host, "vethhost"}}));
  actual.checks_sources = true;
  EXPECT_EQ(difference(), Differences{});
}

TEST_F(Difference, ReportsAllDifferencesTogether) {
  actual = {};
  EXPECT_EQ(difference(), (Differences{{Kind::missing, Side::container, "eth0"},
                                       {Kind::missing, Side::host, "vethhost"},
                                       {Kind::gateway, Side::node, "lo", "fd00::1"},
                                       {Kind::ipv4_forwarding, Side::node, "net.ipv4.ip_forward", "1", "0"},
                                       {Kind::ipv6_forwarding, Side::node, "net.ipv6.conf.all.forwarding", "1", "0"}}));
}

TEST_F(Difference, IgnoresWhatIsNotWanted) {
  wanted.forward_ipv4 = wanted.forward_ipv6 = false;
  wanted.host_gateways.clear();
  actual.forward_ipv4 = actual.forward_ipv6 = false;
  actual.host_gateways.clear();
  actual.container->addresses.push_back(prefix("192.168.0.1/24"));
  actual.host->routes.push_back({.destination = prefix("192.168.0.0/24")});
  EXPECT_EQ(difference(), Differences{});
}

TEST_F(Difference, ReportsRoutesWithOtherAttributesThanWanted) {
  wanted.container.routes[0].priority = 100;
  wanted.container.routes[0].mtu = 1400;
  wanted.container.routes[0].advmss = 100'000;
  wanted.container.routes[0].table = 254;
  actual.container->routes[0].priority = 100;
  actual.container->routes[0].mtu = 1400;
  actual.container->routes[0].advmss = 65495;
  EXPECT_EQ(difference(), Differences{});
  const wiring::Difference missing{Kind::route, Side::container, "eth0", "0.0.0.0/0 via 10.1.2.1"};
  expect_each({{[](auto& it) { it.container->routes[0].priority = 200; }, missing},
               {[](auto& it) { it.container->routes[0].mtu.reset(); }, missing},
               {[](auto& it) { it.container->routes[0].advmss = 1000; }, missing}});
}

TEST_F(Difference, AcceptsAnIpv6RouteAfterThoseOfOtherNetworks) {
  auto& route = wanted.container.routes[0];
  route = {.destination = prefix("::/0"), .gateway = ip("fe80::1"), .priority = 100};
  actual.container->routes[0] = route;
  actual.container->routes[0].priority = 101;
  EXPECT_EQ(difference(), Differences{});
  actual.container->routes[0].priority = 99;
  EXPECT_EQ(difference(), (Differences{{Kind::route, Side::container, "eth0", "::/0 via fe80::1"}}));
}

TEST_F(Difference, AcceptsARouteThatAnotherPluginMovedToAnotherTable) {
  actual.container->routes[0].table = 100;
  actual.container->routes[0].gateway = ip("10.1.2.9");
  EXPECT_EQ(difference(), Differences{});
}

TEST_F(Difference, ReportsARouteOfTheHostInAnotherTable) {
  actual.host->routes[0].table = 100;
  EXPECT_EQ(difference(), (Differences{{Kind::route, Side::host, "vethhost", "10.1.2.5/32"}}));
}

TEST_F(Difference, AcceptsAMissingLinkLocalAddressThatNoRouteNeeds) {
  for (auto* end : {&wanted.container, &wanted.host}) end->addresses.push_back({prefix("fe80::9/64")});
  EXPECT_EQ(difference(), (Differences{{Kind::address, Side::container, "eth0", "fe80::9/64"},
                                       {Kind::address, Side::host, "vethhost", "fe80::9/64"}}));
  std::erase(wanted.container.addresses, wiring::Address{prefix("fd00::5/64"), false});
  EXPECT_EQ(difference(), Differences{});
}

TEST_F(Difference, IgnoresAttributesThatTheKernelDoesNotReport) {
  wanted.container.routes[0].scope = 0;
  wanted.host.routes[0].exclusive = true;
  EXPECT_EQ(difference(), Differences{});
}

using MissingParts = Difference;

TEST_F(MissingParts, AreEmptyIfNoPartIsMissing) {
  const auto missing = wiring::missing_parts(wanted, actual);
  for (const auto* end : {&missing.container, &missing.host}) {
    EXPECT_TRUE(end->addresses.empty()) << end->name;
    EXPECT_TRUE(end->routes.empty()) << end->name;
  }
}

TEST_F(MissingParts, ContainTheMissingAddressesAndRoutes) {
  actual.container->addresses.erase(actual.container->addresses.begin());
  actual.container->routes[0].table = 100;
  actual.host->routes.clear();
  const auto missing = wiring::missing_parts(wanted, actual);
  EXPECT_EQ(missing.container.addresses, (std::vector<wiring::Address>{{prefix("10.1.2.5/24"), false}}));
  EXPECT_TRUE(missing.container.routes.empty()) << "another plugin moved it";
  EXPECT_TRUE(missing.host.addresses.empty());
  EXPECT_TRUE(missing.host.routes == wanted.host.routes);
}

TEST_F(Difference, NamesTheGatewayOfAMissingRoute) {
  wanted.container.routes.push_back({.destination = prefix("0.0.0.0/0"), .gateway = ip("10.1.2.2")});
  EXPECT_EQ(difference(), (Differences{{Kind::route, Side::container, "eth0", "0.0.0.0/0 via 10.1.2.2"}}));
}

TEST_F(MissingParts, ContainAllRoutesToADestinationIfOneIsMissing) {
  wanted.container.routes.push_back({.destination = prefix("0.0.0.0/0"), .gateway = ip("10.1.2.2")});
  const auto missing = wiring::missing_parts(wanted, actual);
  EXPECT_TRUE(missing.container.routes == (std::vector{wanted.container.routes[0], wanted.container.routes[2]}));
}

TEST_F(MissingParts, KeepTheMacSetByALaterPlugin) {
  wanted.host.neighbours = {{ip("10.1.2.5"), wanted.container.mac}};
  wanted.container.neighbours = {{ip("10.1.2.1"), wanted.host.mac}};
  actual.container->mac.bytes[5] = 9;
  const auto missing = wiring::missing_parts(wanted, actual);
  EXPECT_EQ(missing.container.mac, actual.container->mac);
  EXPECT_EQ(missing.host.neighbours, (std::vector<wiring::Neighbour>{{ip("10.1.2.5"), actual.container->mac}}));
  EXPECT_EQ(missing.container.neighbours, wanted.container.neighbours);
}

/// The same pair with the host end as a port of a bridge.
class DifferenceOnABridge : public Difference {
 protected:
  DifferenceOnABridge() {
    wanted.bridge = wiring::Bridge{.name = "cni0", .gateways = {prefix("10.1.2.1/24")}, .promiscuous = true};
    actual.bridge = wiring::ObservedBridge{
        .index = 3, .is_bridge = true, .is_up = true, .is_promiscuous = true, .addresses = {prefix("10.1.2.1/24")}};
    actual.host->master_index = 3;
  }
};

TEST_F(DifferenceOnABridge, IsEmptyIfNothingIsMissing) { EXPECT_EQ(difference(), Differences{}); }

TEST_F(DifferenceOnABridge, ReportsWhatIsWrongWithBridgeAndPort) {
  expect_each(
      {{[](auto& it) { it.bridge.reset(); }, {Kind::missing, Side::bridge, "cni0"}},
       {[](auto& it) { it.bridge->is_bridge = false; }, {Kind::not_a_bridge, Side::bridge, "cni0"}},
       {[](auto& it) { it.bridge->is_up = false; }, {Kind::down, Side::bridge, "cni0"}},
       {[](auto& it) { it.bridge->is_promiscuous = false; }, {Kind::promiscuous, Side::bridge, "cni0", "on", "off"}},
       {[](auto& it) { it.bridge->addresses.clear(); }, {Kind::address, Side::bridge, "cni0", "10.1.2.1/24"}},
       {[](auto& it) { it.host->master_index = 0; }, {Kind::master, Side::host, "vethhost", "cni0"}},
       {[](auto& it) { it.host->is_hairpin = true; }, {Kind::hairpin, Side::host, "vethhost", "off", "on"}},
       {[](auto& it) { it.host->is_isolated = true; }, {Kind::isolation, Side::host, "vethhost", "off", "on"}}});
}

/// The same port in VLANs.
class DifferenceOfVlans : public DifferenceOnABridge {
 protected:
  DifferenceOfVlans() {
    wanted.bridge->vlan = 100;
    wanted.bridge->trunk = {{200, 202}};
    actual.bridge->filters_vlans = true;
    actual.bridge->default_vlan = 1;
    actual.host->vlans = {{100, true, true}, {200}, {201}, {202}};
  }

  static wiring::Difference vlans(const std::string& found) {
    return {Kind::vlans, Side::host, "vethhost", "100 PVID untagged, 200-202", found};
  }
};

TEST_F(DifferenceOfVlans, IsEmptyIfNothingIsMissing) { EXPECT_EQ(difference(), Differences{}); }

TEST_F(DifferenceOfVlans, ReportsEachOtherVlanAndFlag) {
  expect_each(
      {{[](auto& it) { it.host->vlans.clear(); }, vlans("none")},
       {[](auto& it) { it.host->vlans.pop_back(); }, vlans("100 PVID untagged, 200-201")},
       {[](auto& it) { it.host->vlans[0].is_untagged = false; }, vlans("100 PVID, 200-202")},
       {[](auto& it) { it.host->vlans[0].is_pvid = false; }, vlans("100 untagged, 200-202")},
       {[](auto& it) { it.host->vlans[1].is_untagged = true; }, vlans("100 PVID untagged, 200 untagged, 201-202")},
       {[](auto& it) {
          it.host->vlans.insert(it.host->vlans.begin(), {1, false, true});
        },
        vlans("1 untagged, 100 PVID untagged, 200-202")},
       {[](auto& it) { it.bridge->filters_vlans = false; }, {Kind::vlan_filtering, Side::bridge, "cni0", "on", "off"}},
       {[](auto& it) {
          it.host->master_index = 0;
          it.host->vlans.clear();
        },
        {Kind::master, Side::host, "vethhost", "cni0"}}});
}

TEST_F(DifferenceOfVlans, ExpectsTheDefaultVlanOnlyIfItIsKept) {
  wanted.bridge->keep_default_vlan = true;
  const auto with_default = "1 untagged, 100 PVID untagged, 200-202";
  EXPECT_EQ(difference(),
            (Differences{{Kind::vlans, Side::host, "vethhost", with_default, "100 PVID untagged, 200-202"}}));
  actual.host->vlans.insert(actual.host->vlans.begin(), {1, false, true});
  EXPECT_EQ(difference(), Differences{});
}

TEST_F(DifferenceOfVlans, ReportsThoseOfThePortThatLeadsToTheGateways) {
  actual.bridge->gateway_port = {.name = "vethgateway", .vlans = {{100, true, true}}};
  EXPECT_EQ(difference(), Differences{});
  actual.bridge->gateway_port->vlans.push_back({200});
  EXPECT_EQ(difference(),
            (Differences{{Kind::vlans, Side::bridge, "vethgateway", "100 PVID untagged", "100 PVID untagged, 200"}}));
  actual.bridge->gateway_port->vlans.clear();
  EXPECT_EQ(difference(), (Differences{{Kind::vlans, Side::bridge, "vethgateway", "100 PVID untagged", "none"}}));
}

TEST_F(DifferenceOnABridge, IgnoresTheVlansOfAPortWithoutConfiguredOnes) {
  actual.host->vlans = {{1, true, true}};
  EXPECT_EQ(difference(), Differences{});
}

/// The same pair with the host end as a port of Open vSwitch, with its datapath in user space.
class DifferenceOfOffload : public Difference {
 protected:
  DifferenceOfOffload() {
    wanted.ovs_port = wiring::OvsPort{.bridge = "br0"};
    actual.ovs_port = wiring::ObservedOvsPort{.bridge = "br0", .ofport = 1, .is_in_user_space = true};
  }
};

TEST_F(DifferenceOfOffload, IsReportedForADatapathInUserSpace) {
  EXPECT_EQ(difference(), Differences{});
  actual.leaves_checksums = true;
  EXPECT_EQ(difference(), (Differences{{Kind::checksum_offload, Side::container, "eth0", "off", "on"}}));
  actual.ovs_port->is_in_user_space = false;
  EXPECT_EQ(difference(), Differences{});
}

TEST_F(DifferenceOfOffload, IsOfTheHostEndIfTheContainerEndIsThePort) {
  wanted.bridge = wiring::Bridge{.name = "cni0"};
  actual.bridge = wiring::ObservedBridge{.index = 3, .is_bridge = true, .is_up = true};
  actual.host->master_index = 3;
  actual.leaves_checksums = true;
  EXPECT_EQ(difference(), (Differences{{Kind::checksum_offload, Side::host, "vethhost", "off", "on"}}));
}

TEST_F(Difference, AcceptsAContainerEndThatIsDownAsWanted) {
  wanted.leave_down = true;
  actual.container->is_up = false;
  EXPECT_EQ(difference(), Differences{});
}

/// The same pair with a rate limit in each direction.
class DifferenceOfLimits : public Difference {
 protected:
  DifferenceOfLimits() {
    wanted.ingress_limit = actual.ingress_limit = {.rate_bytes_per_second = 1000, .burst_bytes = 2000};
    wanted.egress_limit = {.rate_bytes_per_second = 3000, .burst_bytes = 4000};
    actual.ifb = {.index = 11, .alias = "veth-cni/net/c1/eth0", .is_up = true, .limit = wanted.egress_limit};
    actual.redirected_to = 11;
  }
  std::string ifb() const { return wiring::ifb_name(wanted); }
};

TEST_F(DifferenceOfLimits, IsEmptyIfNothingIsMissing) { EXPECT_EQ(difference(), Differences{}); }

TEST_F(DifferenceOfLimits, ReportsWhatIsWrongWithTheLimits) {
  const std::string ingress = "1000 bytes/s with a burst of 2000";
  const std::string egress = "3000 bytes/s with a burst of 4000";
  expect_each({{[](auto& it) { it.ingress_limit.reset(); }, {Kind::rate_limit, Side::host, "vethhost", ingress}},
               {[](auto& it) { it.ingress_limit->rate_bytes_per_second = 1001; },
                {Kind::rate_limit, Side::host, "vethhost", ingress, "1001 bytes/s with a burst of 2000"}},
               {[](auto& it) { it.ifb.reset(); }, {Kind::missing, Side::ifb, ifb()}},
               {[](auto& it) { it.ifb->is_up = false; }, {Kind::down, Side::ifb, ifb()}},
               {[](auto& it) { it.ifb->alias = ""; }, {Kind::alias, Side::ifb, ifb(), alias}},
               {[](auto& it) { it.ifb->limit.reset(); }, {Kind::rate_limit, Side::ifb, ifb(), egress}},
               {[](auto& it) { it.redirected_to = 0; }, {Kind::redirection, Side::host, "vethhost", ifb()}}});
}

TEST_F(DifferenceOfLimits, ReportsAMissingSourceCheckOfTheIfb) {
  wanted.accepted_sources = {ip("10.1.2.5")};
  EXPECT_EQ(difference(), (Differences{{Kind::source_check, Side::ifb, ifb()}}));
  EXPECT_TRUE(wiring::missing_parts(wanted, actual).egress_limit) << "the check is restored with the ifb";
  actual.checks_sources = true;
  EXPECT_EQ(difference(), Differences{});
  EXPECT_FALSE(wiring::missing_parts(wanted, actual).egress_limit);
}

TEST_F(DifferenceOfLimits, IgnoresLimitsThatAreNotWanted) {
  wanted.ingress_limit.reset();
  wanted.egress_limit.reset();
  EXPECT_EQ(difference(), Differences{});
}

/// The same pair with tuning of the container end.
class DifferenceOfTuning : public Difference {
 protected:
  DifferenceOfTuning() {
    wanted.tuning = wiring::Tuning{.tx_queue_length = 500,
                                   .promiscuous = true,
                                   .all_multicast = true,
                                   .sysctls = {{"net/core/somaxconn", "77"}, {"net/ipv4/tcp_rmem", "1 2 3"}}};
    actual.container->tx_queue_length = 500;
    actual.container->is_promiscuous = actual.container->is_all_multicast = true;
    actual.sysctls = {{"net/core/somaxconn", "77\n"}, {"net/ipv4/tcp_rmem", "1\t2\t3\n"}};
  }
};

TEST_F(DifferenceOfTuning, IsEmptyIfNothingIsMissing) { EXPECT_EQ(difference(), Differences{}); }

TEST_F(DifferenceOfTuning, ReportsWhatDiffers) {
  expect_each({{[](auto& it) { it.container->is_promiscuous = false; },
                {Kind::promiscuous, Side::container, "eth0", "on", "off"}},
               {[](auto& it) { it.container->is_all_multicast = false; },
                {Kind::all_multicast, Side::container, "eth0", "on", "off"}},
               {[](auto& it) { it.container->tx_queue_length = 0; },
                {Kind::tx_queue_length, Side::container, "eth0", "500", "0"}},
               {[](auto& it) { it.sysctls[0].value = "78\n"; },
                {Kind::sysctl, Side::container, "net/core/somaxconn", "77", "78"}},
               {[](auto& it) { it.sysctls.pop_back(); },
                {Kind::sysctl_missing, Side::container, "net/ipv4/tcp_rmem", "1 2 3"}}});
}

TEST_F(DifferenceOfTuning, IgnoresWhatIsNotWanted) {
  wanted.tuning = wiring::Tuning{};
  actual.sysctls.clear();
  EXPECT_EQ(difference(), Differences{});
}

using OwnPair = Difference;

TEST_F(OwnPair, HasTheAliasOrTheMacOfTheAttachment) {
  EXPECT_TRUE(wiring::is_own_pair(wanted, actual));
  actual.host->name = "uplink";
  actual.host->alias = "rack 7";
  EXPECT_TRUE(wiring::is_own_pair(wanted, actual));
  actual.host->mac.bytes[5] = 9;
  EXPECT_FALSE(wiring::is_own_pair(wanted, actual)) << "a pair of another attachment";
  actual.host->alias = alias;
  EXPECT_TRUE(wiring::is_own_pair(wanted, actual));
  actual.is_pair = false;
  EXPECT_FALSE(wiring::is_own_pair(wanted, actual));
}

/// Addresses, MAC, MTU and alias are those of the plugins before it.
TEST_F(Difference, OfAMemberOfAChainIsOnlyWhatItHasAdded) {
  wanted.attachment = cni::attachment_of_member(wanted.attachment, cni::portmap_member);
  wanted.host_ports = wiring::HostPorts{
      .mappings = {{.protocol = "tcp", .host_port = 8080, .container_address = ip("10.1.2.5"), .container_port = 80}}};
  actual.container->addresses.clear();
  actual.container->mtu = actual.host->mtu = 9000;
  actual.host->alias = "";
  actual.host->mac = actual.container->mac = {};
  actual.host->route_localnet = true;
  EXPECT_EQ(wiring::difference(wanted, actual), Differences{});
  EXPECT_TRUE(wiring::is_own_pair(wanted, actual));
  actual.host->route_localnet = false;
  actual.missing_rules = {"owner element"};
  EXPECT_EQ(wiring::difference(wanted, actual), (Differences{{Kind::route_localnet, Side::host, "vethhost", "1", "0"},
                                                             {Kind::rule, Side::node, "owner element"}}));
  actual.host = actual.container = std::nullopt;
  EXPECT_EQ(wiring::difference(wanted, actual).size(), 3U) << "both ends and the rule";
}

TEST(DifferenceText, IsASentence) {
  struct Case {
    wiring::Difference difference;
    std::string sentence;
  };
  for (const auto& [difference, sentence] : {
           Case{{Kind::network_namespace, Side::container, "/run/netns/a", "", "it is gone"}, "it is gone"},
           Case{{Kind::missing, Side::host, "veth1"}, R"(interface "veth1" is missing)"},
           Case{{Kind::missing, Side::bridge, "cni0"}, R"(bridge "cni0" is missing)"},
           Case{{Kind::missing, Side::ifb, "ifb1"}, R"(ifb interface "ifb1" is missing)"},
           Case{{Kind::down, Side::container, "eth0"}, R"(interface "eth0" is down)"},
           Case{{Kind::not_a_bridge, Side::bridge, "cni0"}, R"("cni0" is not a bridge)"},
           Case{{Kind::name, Side::host, "veth1", "veth1", "up"}, R"(interface "veth1" was renamed to "up")"},
           Case{{Kind::alias, Side::host, "veth1", "a", "{b}"}, R"(interface "veth1" has alias "{b}", expected "a")"},
           Case{{Kind::mac, Side::host, "veth1", "02::1", "02::2"},
                R"(interface "veth1" has MAC 02::2, expected 02::1)"},
           Case{{Kind::mtu, Side::host, "veth1", "1500", "1400"}, R"(interface "veth1" has MTU 1400, expected 1500)"},
           Case{{Kind::peer, Side::container, "eth0", "veth1"}, R"(interface "eth0" is not the peer of "veth1")"},
           Case{{Kind::address, Side::bridge, "cni0.7", "10.1.2.1/24"},
                R"(address 10.1.2.1/24 is missing on interface "cni0.7")"},
           Case{{Kind::route, Side::host, "veth1", "10.1.2.5/32"},
                R"(route 10.1.2.5/32 is missing on interface "veth1")"},
           Case{{Kind::rule, Side::node, "masquerading of 10.1.2.2"}, "masquerading of 10.1.2.2 is missing"},
       }) {
    EXPECT_EQ(wiring::to_string(difference), sentence);
  }
}

TEST(DifferenceText, ReportsTheSettingOfAnInterface) {
  struct Case {
    wiring::Difference difference;
    std::string sentence;
  };
  for (const auto& [difference, sentence] : {
           Case{{Kind::master, Side::host, "veth1", "cni0"}, R"(interface "veth1" is not a port of bridge "cni0")"},
           Case{{Kind::hairpin, Side::host, "veth1", "off", "on"}, R"(hairpin mode of port "veth1" is on)"},
           Case{{Kind::isolation, Side::host, "veth1", "on", "off"}, R"(isolation of port "veth1" is off)"},
           Case{{Kind::promiscuous, Side::bridge, "cni0"}, R"(bridge "cni0" is not promiscuous)"},
           Case{{Kind::vlan_filtering, Side::bridge, "cni0", "on", "off"}, R"(bridge "cni0" does not filter VLANs)"},
           Case{{Kind::vlans, Side::host, "veth1", "100 PVID untagged", "1 PVID untagged"},
                R"(port "veth1" has VLANs 1 PVID untagged, expected 100 PVID untagged)"},
           Case{{Kind::checksum_offload, Side::container, "eth0", "off", "on"},
                R"(checksum offload of interface "eth0" is on: no TCP data passes a datapath of Open vSwitch in user )"
                "space"},
           Case{{Kind::all_multicast, Side::container, "eth0"},
                R"(interface "eth0" does not receive all multicast packets)"},
           Case{{Kind::tx_queue_length, Side::container, "eth0", "5", "0"},
                R"(interface "eth0" has a queue of 0 packets, expected 5)"},
           Case{{Kind::rate_limit, Side::ifb, "ifb1", "1 byte/s"},
                R"(rate limit 1 byte/s is missing on interface "ifb1")"},
           Case{{Kind::rate_limit, Side::host, "veth1", "1 byte/s", "2 bytes/s"},
                R"(rate limit of interface "veth1" is 2 bytes/s, expected 1 byte/s)"},
           Case{{Kind::redirection, Side::host, "veth1", "ifb1"},
                R"(interface "veth1" does not redirect what the container sends to "ifb1")"},
           Case{{Kind::source_check, Side::ifb, "ifb1"},
                R"(ifb interface "ifb1" does not drop packets from other sources than the container's addresses)"},
           Case{{Kind::loopback_guard, Side::host, "veth1"},
                R"(interface "veth1" does not drop packets for 127.0.0.0/8 from the container)"},
           Case{{Kind::route_localnet, Side::host, "veth1"},
                R"(route_localnet of interface "veth1" is off: mapped ports of 127.0.0.1 need it)"},
           Case{{Kind::loopback_route, Side::bridge, "cni0", "::1"},
                R"(route local ::1 is missing on interface "cni0": mapped ports of ::1 need it)"},
       }) {
    EXPECT_EQ(wiring::to_string(difference), sentence);
  }
}

TEST(DifferenceText, ReportsTheSettingOfTheNodeOrOfTheContainer) {
  struct Case {
    wiring::Difference difference;
    std::string sentence;
  };
  for (const auto& [difference, sentence] : {
           Case{{Kind::sysctl, Side::container, "net/core/somaxconn", "77", "78"},
                R"(sysctl net/core/somaxconn is "78", expected "77")"},
           Case{{Kind::sysctl_missing, Side::container, "net/x", "77"}, "sysctl net/x cannot be read"},
           Case{{Kind::gateway, Side::node, "lo", "fd00::1"},
                R"(address fd00::1 is missing on interface "lo" of the host)"},
           Case{{Kind::ipv4_forwarding, Side::node, "net.ipv4.ip_forward", "1", "0"},
                "IPv4 forwarding is off on the host (net.ipv4.ip_forward)"},
           Case{{Kind::ipv6_forwarding, Side::node, "net.ipv6.conf.all.forwarding", "1", "0"},
                "IPv6 forwarding is off on the host (net.ipv6.conf.all.forwarding)"},
       }) {
    EXPECT_EQ(wiring::to_string(difference), sentence);
  }
}

TEST(DifferenceText, JoinsSeveralSentences) {
  EXPECT_EQ(wiring::to_string(Differences{{Kind::down, Side::container, "eth0"}, {Kind::missing, Side::host, "veth1"}}),
            R"(interface "eth0" is down; interface "veth1" is missing)");
}

}  // namespace
