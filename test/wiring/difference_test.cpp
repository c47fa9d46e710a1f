#include "plugin/wiring/difference.hpp"

#include "test/support/addresses.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::ip;
using test::prefix;
using Sentences = std::vector<std::string>;

/// A small wiring of both families, and what the kernel tells where all of it is there.
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
    there.container = as_wanted(wanted.container, 2, 10);
    there.host = as_wanted(wanted.host, 10, 2);
    there.host->alias = "veth-cni/net/c1/eth0";
    there.host_gateways = wanted.host_gateways;
    there.forward_ipv4 = there.forward_ipv6 = true;
  }

  static wiring::ObservedEnd as_wanted(const wiring::End& end, std::uint32_t index, std::uint32_t peer) {
    wiring::ObservedEnd observed;
    observed.index = index;
    observed.peer_index = peer;
    observed.mac = end.mac;
    observed.mtu = 1500;
    observed.is_up = true;
    observed.routes = end.routes;
    for (const auto& address : end.addresses) observed.addresses.push_back(address.prefix);
    return observed;
  }
  Sentences difference() const { return wiring::difference(wanted, there); }

  struct Case {
    std::function<void(wiring::Observed&)> change;
    std::string sentence;
  };
  void expect_each(const std::vector<Case>& cases) const {
    for (const auto& [change, sentence] : cases) {
      auto changed = there;
      change(changed);
      EXPECT_EQ(wiring::difference(wanted, changed), Sentences{sentence});
    }
  }

  wiring::Wiring wanted;
  wiring::Observed there;
};

TEST_F(Difference, IsEmptyWhereAllIsThere) { EXPECT_EQ(difference(), Sentences{}); }

TEST_F(Difference, NamesAnEndThatIsOtherwise) {
  expect_each({{[](auto& it) { it.container.reset(); }, R"(interface "eth0" is missing)"},
               {[](auto& it) { it.host.reset(); }, R"(interface "vethhost" is missing)"},
               {[](auto& it) { it.container->is_up = false; }, R"(interface "eth0" is down)"},
               {[](auto& it) { it.host->is_up = false; }, R"(interface "vethhost" is down)"},
               {[](auto& it) { it.container->mac.bytes[5] = 9; },
                R"(interface "eth0" has MAC 02:00:00:00:00:09 and not 02:00:00:00:00:01)"}});
}

TEST_F(Difference, NamesWhatIsMissingOnAnEnd) {
  expect_each(
      {{[](auto& it) { it.container->addresses.erase(it.container->addresses.begin()); },
        R"(address 10.1.2.5/24 is missing on interface "eth0")"},
       {[](auto& it) { it.container->addresses[1].length = 48; },
        R"(address fd00::5/64 is missing on interface "eth0")"},
       {[](auto& it) { it.host->addresses.clear(); }, R"(address 10.1.2.1/32 is missing on interface "vethhost")"},
       {[](auto& it) { it.container->routes.erase(it.container->routes.begin()); },
        R"(route 0.0.0.0/0 via 10.1.2.1 is missing on interface "eth0")"},
       {[](auto& it) { it.container->routes[0].gateway = ip("10.1.2.9"); },
        R"(route 0.0.0.0/0 via 10.1.2.1 is missing on interface "eth0")"},
       {[](auto& it) { it.host->routes.clear(); }, R"(route 10.1.2.5/32 is missing on interface "vethhost")"}});
}

TEST_F(Difference, NamesWhatIsOtherwiseBetweenTheEndsAndOnTheHost) {
  expect_each(
      {{[](auto& it) { it.host->alias = "veth-cni/net/c2/eth0"; },
        R"(interface "vethhost" is not this attachment's: its alias is "veth-cni/net/c2/eth0")"},
       {[](auto& it) { it.host->peer_index = 77; }, R"(interface "eth0" is not the other end of "vethhost")"},
       {[](auto& it) { it.host_gateways.clear(); }, R"(address fd00::1 is missing on interface "lo" of the host)"},
       {[](auto& it) { it.forward_ipv4 = false; }, "IPv4 forwarding is off on the host (net.ipv4.ip_forward)"},
       {[](auto& it) { it.forward_ipv6 = false; },
        "IPv6 forwarding is off on the host (net.ipv6.conf.all.forwarding)"}});
}

TEST_F(Difference, NamesAnMtuOfTheHostsEndThatIsOtherwise) {
  expect_each({{[](auto& it) { it.host->mtu = 1280; }, R"(interface "vethhost" has MTU 1280 and not 1500)"}});
  there.container->mtu = 1280;
  EXPECT_EQ(difference(), Sentences{}) << "a later plugin may have changed it";
  wanted.mtu = 0;
  there.host->mtu = 1280;
  EXPECT_EQ(difference(), Sentences{}) << "nothing tells what it should be";
}

TEST_F(Difference, NamesWhatMappedPortsOfLoopbackAddressesNeed) {
  wanted.host_ports = wiring::HostPorts{.mappings = {{.protocol = "tcp", .container_address = ip("10.1.2.5")},
                                                     {.protocol = "tcp", .container_address = ip("fd00::5")}}};
  EXPECT_EQ(difference(),
            (Sentences{R"(route_localnet of interface "vethhost" is off: mapped ports of 127.0.0.1 need it)",
                       R"(route local ::1 is missing on interface "vethhost": mapped ports of ::1 need it)"}));
  there.host->routes_loopback = true;
  there.host->routes.push_back({.destination = prefix("::1/128"), .table = 255});
  EXPECT_EQ(difference(), Sentences{});
}

TEST_F(Difference, NamesEverythingAtOnce) {
  there = {};
  EXPECT_EQ(difference(), (Sentences{R"(interface "eth0" is missing)", R"(interface "vethhost" is missing)",
                                     R"(address fd00::1 is missing on interface "lo" of the host)",
                                     "IPv4 forwarding is off on the host (net.ipv4.ip_forward)",
                                     "IPv6 forwarding is off on the host (net.ipv6.conf.all.forwarding)"}));
}

TEST_F(Difference, LeavesOutWhatIsNotWanted) {
  wanted.forward_ipv4 = wanted.forward_ipv6 = false;
  wanted.host_gateways.clear();
  there.forward_ipv4 = there.forward_ipv6 = false;
  there.host_gateways.clear();
  there.container->addresses.push_back(prefix("192.168.0.1/24"));
  there.host->routes.push_back({.destination = prefix("192.168.0.0/24")});
  EXPECT_EQ(difference(), Sentences{});
}

TEST_F(Difference, NamesRoutesThatHaveNotWhatWasAskedFor) {
  wanted.container.routes[0].priority = 100;
  wanted.container.routes[0].mtu = 1400;
  wanted.container.routes[0].advmss = 100'000;
  wanted.container.routes[0].table = 254;
  there.container->routes[0].priority = 100;
  there.container->routes[0].mtu = 1400;
  there.container->routes[0].advmss = 65495;
  EXPECT_EQ(difference(), Sentences{});
  const std::string missing = R"(route 0.0.0.0/0 via 10.1.2.1 is missing on interface "eth0")";
  expect_each({{[](auto& it) { it.container->routes[0].priority = 200; }, missing},
               {[](auto& it) { it.container->routes[0].mtu.reset(); }, missing},
               {[](auto& it) { it.container->routes[0].advmss = 1000; }, missing}});
}

TEST_F(Difference, AllowsThatAnotherPluginMovedARouteToATableOfItsOwn) {
  there.container->routes[0].table = 100;
  there.container->routes[0].gateway = ip("10.1.2.9");
  EXPECT_EQ(difference(), Sentences{});
}

TEST_F(Difference, AllowsNoSuchThingOnTheHost) {
  there.host->routes[0].table = 100;
  EXPECT_EQ(difference(), Sentences{R"(route 10.1.2.5/32 is missing on interface "vethhost")"});
}

TEST_F(Difference, DoesWithoutALinkLocalAddressThatNothingGoesThrough) {
  for (auto* end : {&wanted.container, &wanted.host}) end->addresses.push_back({prefix("fe80::9/64")});
  EXPECT_EQ(difference(), (Sentences{R"(address fe80::9/64 is missing on interface "eth0")",
                                     R"(address fe80::9/64 is missing on interface "vethhost")"}));
  std::erase(wanted.container.addresses, wiring::Address{prefix("fd00::5/64"), false});
  EXPECT_EQ(difference(), Sentences{});
}

TEST_F(Difference, DoesNotAskForAttributesThatTheKernelDoesNotTell) {
  wanted.container.routes[0].scope = 0;
  wanted.host.routes[0].exclusive = true;
  EXPECT_EQ(difference(), Sentences{});
}

using Lacking = Difference;

TEST_F(Lacking, IsNothingWhereAllIsThere) {
  const auto lacking = wiring::lacking(wanted, there);
  for (const auto* end : {&lacking.container, &lacking.host}) {
    EXPECT_TRUE(end->addresses.empty()) << end->name;
    EXPECT_TRUE(end->routes.empty()) << end->name;
  }
}

TEST_F(Lacking, IsWhatIsMissingOnEachEnd) {
  there.container->addresses.erase(there.container->addresses.begin());
  there.container->routes[0].table = 100;
  there.host->routes.clear();
  const auto lacking = wiring::lacking(wanted, there);
  EXPECT_EQ(lacking.container.addresses, (std::vector<wiring::Address>{{prefix("10.1.2.5/24"), false}}));
  EXPECT_TRUE(lacking.container.routes.empty()) << "another plugin moved it";
  EXPECT_TRUE(lacking.host.addresses.empty());
  EXPECT_TRUE(lacking.host.routes == wanted.host.routes);
}

TEST_F(Lacking, KeepsTheMacThatALaterPluginGave) {
  wanted.host.neighbours = {{ip("10.1.2.5"), wanted.container.mac}};
  wanted.container.neighbours = {{ip("10.1.2.1"), wanted.host.mac}};
  there.container->mac.bytes[5] = 9;
  const auto lacking = wiring::lacking(wanted, there);
  EXPECT_EQ(lacking.container.mac, there.container->mac);
  EXPECT_EQ(lacking.host.neighbours, (std::vector<wiring::Neighbour>{{ip("10.1.2.5"), there.container->mac}}));
  EXPECT_EQ(lacking.container.neighbours, wanted.container.neighbours);
}

/// The same host's end as a port of a bridge.
class DifferenceOnABridge : public Difference {
 protected:
  DifferenceOnABridge() {
    wanted.bridge = wiring::Bridge{.name = "cni0", .gateways = {prefix("10.1.2.1/24")}, .promiscuous = true};
    there.bridge = wiring::ObservedBridge{
        .index = 3, .is_bridge = true, .is_up = true, .is_promiscuous = true, .addresses = {prefix("10.1.2.1/24")}};
    there.host->master_index = 3;
  }
};

TEST_F(DifferenceOnABridge, IsEmptyWhereAllIsThere) { EXPECT_EQ(difference(), Sentences{}); }

TEST_F(DifferenceOnABridge, NamesWhatIsWrongWithBridgeAndPort) {
  expect_each(
      {{[](auto& seen) { seen.bridge.reset(); }, R"(bridge "cni0" is missing)"},
       {[](auto& seen) { seen.bridge->is_bridge = false; }, R"("cni0" is not a bridge)"},
       {[](auto& seen) { seen.bridge->is_up = false; }, R"(bridge "cni0" is down)"},
       {[](auto& seen) { seen.bridge->is_promiscuous = false; }, R"(bridge "cni0" is not promiscuous)"},
       {[](auto& seen) { seen.bridge->addresses.clear(); }, R"(address 10.1.2.1/24 is missing on interface "cni0")"},
       {[](auto& seen) { seen.host->master_index = 0; }, R"(interface "vethhost" is not a port of bridge "cni0")"},
       {[](auto& seen) { seen.host->is_hairpin = true; }, R"(hairpin mode of port "vethhost" is on)"},
       {[](auto& seen) { seen.host->is_isolated = true; }, R"(isolation of port "vethhost" is on)"}});
}

TEST_F(Difference, LeavesAContainersEndAloneThatIsToBeDown) {
  wanted.leave_down = true;
  there.container->is_up = false;
  EXPECT_EQ(difference(), Sentences{});
}

/// The same pair with a limit each way.
class DifferenceOfLimits : public Difference {
 protected:
  DifferenceOfLimits() {
    wanted.ingress_limit = there.ingress_limit = {.rate_bytes_per_second = 1000, .burst_bytes = 2000};
    wanted.egress_limit = {.rate_bytes_per_second = 3000, .burst_bytes = 4000};
    there.ifb = {.index = 11, .alias = "veth-cni/net/c1/eth0", .is_up = true, .limit = wanted.egress_limit};
    there.redirected_to = 11;
  }
  std::string ifb() const { return '"' + wiring::ifb_name(wanted) + '"'; }
};

TEST_F(DifferenceOfLimits, IsEmptyWhereAllIsThere) { EXPECT_EQ(difference(), Sentences{}); }

TEST_F(DifferenceOfLimits, NamesWhatIsWrongWithTheLimits) {
  expect_each(
      {{[](auto& it) { it.ingress_limit.reset(); },
        R"(rate limit 1000 bytes/s with a burst of 2000 is missing on interface "vethhost")"},
       {[](auto& it) { it.ingress_limit->rate_bytes_per_second = 1001; },
        R"(rate limit of interface "vethhost" is 1001 bytes/s with a burst of 2000 and not 1000 bytes/s with a )"
        "burst of 2000"},
       {[](auto& it) { it.ifb.reset(); }, "interface " + ifb() + " is missing: it limits what the container sends"},
       {[](auto& it) { it.ifb->is_up = false; }, "interface " + ifb() + " is down"},
       {[](auto& it) { it.ifb->alias = ""; }, "interface " + ifb() + R"( is not this attachment's: its alias is "")"},
       {[](auto& it) { it.ifb->limit.reset(); },
        "rate limit 3000 bytes/s with a burst of 4000 is missing on interface " + ifb()},
       {[](auto& it) { it.redirected_to = 0; },
        R"(interface "vethhost" does not redirect what the container sends to )" + ifb()}});
}

TEST_F(DifferenceOfLimits, LeavesOutLimitsThatAreNotWanted) {
  wanted.ingress_limit.reset();
  wanted.egress_limit.reset();
  EXPECT_EQ(difference(), Sentences{});
}

/// The same pair with a tuned container.
class DifferenceOfTuning : public Difference {
 protected:
  DifferenceOfTuning() {
    wanted.tuning = wiring::Tuning{.tx_queue_length = 500,
                                   .promiscuous = true,
                                   .all_multicast = true,
                                   .sysctls = {{"net/core/somaxconn", "77"}, {"net/ipv4/tcp_rmem", "1 2 3"}}};
    there.container->tx_queue_length = 500;
    there.container->is_promiscuous = there.container->is_all_multicast = true;
    there.sysctls = {{"net/core/somaxconn", "77\n"}, {"net/ipv4/tcp_rmem", "1\t2\t3\n"}};
  }
};

TEST_F(DifferenceOfTuning, IsEmptyWhereAllIsThere) { EXPECT_EQ(difference(), Sentences{}); }

TEST_F(DifferenceOfTuning, NamesWhatIsOtherwise) {
  expect_each(
      {{[](auto& it) { it.container->is_promiscuous = false; }, R"(interface "eth0" is not promiscuous)"},
       {[](auto& it) { it.container->is_all_multicast = false; }, R"(interface "eth0" does not take all multicast)"},
       {[](auto& it) { it.container->tx_queue_length = 0; },
        R"(interface "eth0" has a queue of 0 packets and not 500)"},
       {[](auto& it) { it.sysctls[0].value = "78\n"; }, R"(sysctl net/core/somaxconn is "78" and not "77")"},
       {[](auto& it) { it.sysctls.pop_back(); }, "sysctl net/ipv4/tcp_rmem cannot be read"}});
}

TEST_F(DifferenceOfTuning, LeavesOutWhatIsNotWanted) {
  wanted.tuning = wiring::Tuning{};
  there.sysctls.clear();
  EXPECT_EQ(difference(), Sentences{});
}

}  // namespace
