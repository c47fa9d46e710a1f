#include "plugin/wiring/wire_ovs.hpp"

#include "plugin/wiring/difference.hpp"
#include "plugin/wiring/text.hpp"
#include "plugin/wiring/wire.hpp"
#include "test/support/addresses.hpp"
#include "test/support/error_text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

cni::Request ovs_request() {
  cni::Request request;
  request.attachment = {"net", "box", "eth0"};
  request.netns = "/run/netns/box";
  request.config.mode = cni::Mode::ovs;
  request.config.ovs = {.bridge = "br0", .vlan = 100, .trunk = {{7, 9}}, .vlan_mode = "native-untagged"};
  return request;
}

cni::Lease ovs_lease() { return {.addresses = {{*cni::find_prefix("10.1.2.3/24")}}}; }

wiring::Observed complete_ovs_port() {
  wiring::Observed observed;
  observed.ovs_port = wiring::ObservedOvsPort{
      .bridge = "br0", .tag = 100, .trunks = {7, 8, 9}, .vlan_mode = "native-untagged", .ofport = 3};
  return observed;
}

/// The sentences of the differences of the port, without those of the missing pair.
std::string ovs_differences(const wiring::Observed& observed) {
  auto differences = wiring::difference(wiring::wire(ovs_request(), ovs_lease(), 1500), observed);
  std::erase_if(differences, [](const auto& each) { return each.kind < wiring::Kind::ovs_database; });
  return wiring::to_string(differences);
}

TEST(WireOvs, MakesTheHostEndAPortAndRoutesNothing) {
  const auto wiring = wiring::wire(ovs_request(), ovs_lease(), 1500);
  EXPECT_EQ(wiring::mode_of(wiring), "ovs");
  EXPECT_FALSE(wiring::is_routed(wiring));
  EXPECT_TRUE(wiring.host.addresses.empty() && wiring.host.routes.empty() && !wiring.forward_ipv4);
  EXPECT_EQ(wiring::ovs_end(wiring).name, wiring.host.name);
  EXPECT_EQ(wiring.ovs_port->tag, 100);
  EXPECT_EQ(wiring.ovs_port->socket, "/run/openvswitch/db.sock");
}

TEST(WireOvs, SurvivesTheRecord) {
  auto request = ovs_request();
  request.config.ovs.ofport_request = 7;
  request.config.ovs.ovn_port = "lsp";
  const auto wiring = wiring::wire(request, ovs_lease(), 1500);
  EXPECT_EQ(wiring::find_wiring(wiring::to_text(wiring)), wiring);
}

TEST(WireOvs, RefusesRulesThatPacketsWouldBypass) {
  auto request = ovs_request();
  request.config.source_nat.masquerade = true;
  EXPECT_NE(test::error_text([&] { wiring::wire(request, ovs_lease(), 1500); }).find("/ipMasq: not supported in mode"),
            std::string::npos);
  request = ovs_request();
  request.config.requested.port_mappings = {{.host_port = 80, .container_port = 80}};
  EXPECT_NE(test::error_text([&] { wiring::wire(request, ovs_lease(), 1500); }).find("/portMappings: not supported"),
            std::string::npos);
}

TEST(WireOvs, JoinsALinuxBridgeByTheContainerEnd) {
  auto request = ovs_request();
  request.config.mode = cni::Mode::bridge;
  const auto wiring = wiring::wire(request, {}, 1500);
  EXPECT_EQ(wiring::ovs_end(wiring).name, "eth0");
  EXPECT_EQ(wiring::end_opposite_to_ovs(wiring).name, wiring.host.name);
  EXPECT_TRUE(wiring.container.addresses.empty());
}

TEST(WireOvs, LeavesTheLimitOfWhatTheContainerSendsToOpenVSwitch) {
  auto request = ovs_request();
  request.config.bandwidth.egress = cni::Rate{.bits_per_second = 8'001'000, .burst_bits = 800'000};
  const auto wiring = wiring::wire(request, ovs_lease(), 1500);
  EXPECT_EQ(wiring.egress_limit, std::nullopt) << "no ifb";
  EXPECT_EQ(wiring.ovs_port->policing_rate, 8001U);
  EXPECT_EQ(wiring.ovs_port->policing_burst, 800U);
  request.config.bandwidth.egress = std::nullopt;
  EXPECT_EQ(wiring::wire(request, ovs_lease(), 1500).ovs_port->policing_rate, 0U);
}

TEST(SetPolicing, LimitsWhatTheDatabaseCanContain) {
  wiring::OvsPort port;
  wiring::set_policing({.rate_bytes_per_second = ~std::uint64_t{0}, .burst_bytes = ~std::uint32_t{0}}, port);
  EXPECT_EQ(port.policing_rate, 2147483647U);
  EXPECT_EQ(port.policing_burst, 34359739U);
}

TEST(OvsDifference, IsEmptyForACompletePort) { EXPECT_EQ(ovs_differences(complete_ovs_port()), ""); }

TEST(OvsDifference, ReportsEachColumn) {
  auto observed = complete_ovs_port();
  observed.ovs_port->tag = 0;
  observed.ovs_port->trunks = {1, 3, 4, 5};
  observed.ovs_port->vlan_mode = "";
  observed.ovs_port->iface_id = "other";
  observed.ovs_port->policing_rate = 1000;
  observed.ovs_port->ofport = -1;
  observed.ovs_port->error = "could not open";
  const auto name = wiring::wire(ovs_request(), ovs_lease(), 1500).host.name;
  EXPECT_EQ(ovs_differences(observed),
            "port " + name + " tag is none in Open vSwitch, expected 100; port " + name +
                " trunks is 1, 3-5 in Open vSwitch, expected 7-9; port " + name +
                " vlan_mode is none in Open vSwitch, expected native-untagged; port " + name +
                " ingress_policing_rate is 1000 in Open vSwitch, expected none; interface \"" + name +
                "\" has iface-id \"other\" in Open vSwitch, expected \"\"; ovs-vswitchd has not opened interface \"" +
                name + "\": could not open");
}

TEST(OvsDifference, ReportsAMissingPortAndADatabaseThatDoesNotAnswer) {
  const auto name = wiring::wire(ovs_request(), ovs_lease(), 1500).host.name;
  EXPECT_EQ(ovs_differences({}), "interface \"" + name + "\" is not a port of bridge \"br0\" of Open vSwitch");
  wiring::Observed unreachable;
  unreachable.ovs_error = "connect to the database: No such file or directory";
  EXPECT_EQ(ovs_differences(unreachable), "connect to the database: No such file or directory");
}

}  // namespace
