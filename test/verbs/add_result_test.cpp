#include "plugin/verbs/add_result.hpp"

#include "test/verbs/network.hpp"

namespace {

using test::ip;
using test::prefix;

cni::Interface interface(std::string_view name, std::string_view sandbox = {}) {
  cni::Interface interface;
  interface.name = name;
  interface.sandbox = sandbox;
  return interface;
}

/// A container with one address of each family.
class AddResult : public test::NetworkTest {
 protected:
  AddResult() {
    wiring.mtu = 1400;
    wiring.host.name = "vethhost";
    wiring.host.mac = cni::find_mac("02:00:00:00:00:02").value();
    wiring.container.name = "eth0";
    wiring.container.mac = cni::find_mac("02:00:00:00:00:01").value();
    lease.addresses = {{prefix("10.1.2.3/24"), ip("10.1.2.1")}, {prefix("fd00::3/64")}};
    lease.routes = {test::route_to("0.0.0.0/0")};
  }

  /// A previous result: one interface with one address, and one address without an interface.
  static cni::Result earlier() {
    cni::Result result;
    result.interfaces = {interface("lo", "/run/netns/c1")};
    result.addresses = {{.interface = 0, .address = prefix("127.0.0.1/8")},
                        {.interface = {}, .address = prefix("10.9.9.9/24")}};
    result.routes = {test::route_to("10.9.0.0/16")};
    result.dns.domain = "earlier";
    return result;
  }
  cni::Result add_result() const {
    auto add_request = request("c1");
    return verbs::add_result(add_request, {wiring, lease});
  }

  wiring::Wiring wiring;
  cni::Lease lease;
};

TEST_F(AddResult, ListsTheHostEndAndTheContainerEnd) {
  auto host = interface("vethhost");
  host.mac = "02:00:00:00:00:02";
  auto container = interface("eth0", "/run/netns/c1");
  container.mac = "02:00:00:00:00:01";
  host.mtu = container.mtu = 1400;
  EXPECT_TRUE(add_result().interfaces == (std::vector<cni::Interface>{host, container}));
}

TEST_F(AddResult, ListsTheIfbAfterTheEnds) {
  wiring.attachment = attachment("c1");
  wiring.egress_limit = {.rate_bytes_per_second = 1000, .burst_bytes = 1518};
  auto ifb = interface(cni::ifb_name(tag("c1")));
  ifb.mac = cni::to_string(cni::ifb_mac(tag("c1")));
  ifb.mtu = 1400;
  ASSERT_EQ(add_result().interfaces.size(), 3U);
  EXPECT_TRUE(add_result().interfaces.back() == ifb);
  EXPECT_EQ(add_result().addresses.front().interface, 1U);
}

TEST_F(AddResult, ListsTheAddressesOnTheContainerEnd) {
  const auto result = add_result();
  const std::vector<cni::ResultAddress> expected{
      {.interface = 1, .address = prefix("10.1.2.3/24"), .gateway = ip("10.1.2.1")},
      {.interface = 1, .address = prefix("fd00::3/64")}};
  EXPECT_TRUE(result.addresses == expected);
  EXPECT_TRUE(result.routes == lease.routes);
}

TEST_F(AddResult, KeepsThePreviousResult) {
  config.previous = earlier();
  const auto result = add_result();
  ASSERT_EQ(result.interfaces.size(), 3U);
  EXPECT_EQ(result.interfaces[0].name, "lo");
  ASSERT_EQ(result.addresses.size(), 4U);
  EXPECT_EQ(result.addresses[0].interface, 0U);
  EXPECT_EQ(result.addresses[1].interface, std::nullopt);
  EXPECT_EQ(result.addresses[2].interface, 2U);
  EXPECT_EQ(result.addresses[3].interface, 2U);
  EXPECT_TRUE(result.routes == (std::vector{test::route_to("10.9.0.0/16"), test::route_to("0.0.0.0/0")}));
}

TEST_F(AddResult, HasTheDnsSettingsOfTheHighestPrecedence) {
  EXPECT_EQ(add_result().dns.domain, "");
  config.previous = earlier();
  EXPECT_EQ(add_result().dns.domain, "earlier");
  lease.dns.domain = "lease";
  EXPECT_EQ(add_result().dns.domain, "lease");
  config.dns = cni::Dns{.nameservers = {}, .domain = "configuration"};
  EXPECT_EQ(add_result().dns.domain, "configuration");
  config.requested.dns = cni::Dns{.nameservers = {}, .domain = "runtime"};
  EXPECT_EQ(add_result().dns.domain, "runtime");
}

TEST_F(AddResult, IsReadAsTheSameLease) {
  lease.dns.domain = "lease";
  EXPECT_TRUE(verbs::lease_of(add_result(), request("c1")) == lease);
}

TEST_F(AddResult, IsReadWithoutTheAddressesOfOtherInterfaces) {
  auto chained = add_result();
  chained.interfaces.push_back(interface("eth1", "/run/netns/c1"));
  chained.interfaces.push_back(interface("eth0"));
  chained.addresses.push_back({.interface = 2, .address = prefix("10.9.9.9/24")});
  chained.addresses.push_back({.interface = 3, .address = prefix("10.9.9.8/24")});
  chained.addresses.push_back({.interface = 0, .address = prefix("10.9.9.7/24")});
  EXPECT_TRUE(verbs::lease_of(chained, request("c1")).addresses == lease.addresses);
}

TEST_F(AddResult, IsReadWithAddressesThatNameNoInterface) {
  auto result = add_result();
  for (auto& address : result.addresses) address.interface.reset();
  EXPECT_TRUE(verbs::lease_of(result, request("c1")).addresses == lease.addresses);
  for (auto& address : result.addresses) address.interface = 77;
  EXPECT_TRUE(verbs::lease_of(result, request("c1")).addresses == lease.addresses);
}

TEST_F(AddResult, IsReadWithTheRoutesThroughTheAttachment) {
  lease.routes.push_back({.destination = prefix("10.77.0.0/16"), .gateway = ip("10.1.2.1")});
  auto chained = add_result();
  chained.routes.push_back({.destination = prefix("10.88.0.0/16"), .gateway = ip("10.9.9.1")});
  EXPECT_TRUE(verbs::lease_of(chained, request("c1")).routes == lease.routes);
}

TEST_F(AddResult, ContainsTheContainersInterface) {
  const auto add_request = request("c1");
  const auto result = add_result();
  EXPECT_EQ(verbs::find_container_interface(result, add_request), &result.interfaces[1]);
  EXPECT_EQ(verbs::find_container_interface(earlier(), add_request), nullptr);
  EXPECT_EQ(verbs::find_container_interface({}, add_request), nullptr);
}

}  // namespace
