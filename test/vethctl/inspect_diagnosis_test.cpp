#include "plugin/vethctl/inspect/diagnosis.hpp"
#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

using inspect::Finding;
using inspect::Severity;
using wiring::Kind;
using wiring::Side;
using Texts = std::vector<std::string>;
using Differences = std::vector<wiring::Difference>;

const wiring::Difference route_missing{Kind::route, Side::host, "veth-c1", "10.1.2.2/32"};
const wiring::Difference forwarding_off{Kind::ipv4_forwarding, Side::node, "net.ipv4.ip_forward", "1", "0"};
constexpr auto create_again = "delete the container with the runtime and create it again";

std::vector<Finding> findings_of(const inspect::Examination& examination) { return inspect::diagnose(examination); }

Finding only(const inspect::Examination& examination) {
  const auto findings = findings_of(examination);
  EXPECT_EQ(findings.size(), 1U);
  return findings.at(0);
}

inspect::Detail detail(const std::string& container, const Differences& differences) {
  inspect::Detail detail{.attachment = test::routed(container), .differences = differences};
  detail.observed.container = detail.observed.host = wiring::ObservedEnd{};
  return detail;
}

TEST(Diagnosis, IsEmptyWithoutProblems) { EXPECT_TRUE(findings_of({.attachments = {detail("c1", {})}}).empty()); }

TEST(Diagnosis, ReportsTheDifferencesOfAnAttachment) {
  EXPECT_TRUE(only({.attachments = {detail("c1", {route_missing})}}) ==
              (Finding{Severity::fault, wiring::to_string(route_missing), {"net/c1/eth0"}, "vethctl repair"}));
}

TEST(Diagnosis, JoinsEqualFindings) {
  const auto found = only({.attachments = {detail("c1", {forwarding_off}), detail("c2", {forwarding_off})}});
  EXPECT_EQ(found.where, (Texts{"net/c1/eth0", "net/c2/eth0"}));
}

TEST(Diagnosis, SuggestsANewContainerForAMissingInterface) {
  auto gone = detail("c1", {{Kind::missing, Side::container, "eth0"}});
  gone.observed.container.reset();
  EXPECT_EQ(only({.attachments = {gone}}).remedy, create_again);
}

TEST(Diagnosis, HasARemedyForEachKindOfDifference) {
  struct Case {
    wiring::Difference difference;
    std::string remedy;
  };
  for (const auto& [difference, remedy] :
       {Case{{Kind::mtu, Side::host, "veth-c1", "1500", "1400"}, "vethctl repair"},
        Case{{Kind::alias, Side::host, "veth-c1", "veth-cni/net/c1/eth0", "rack 7"}, "vethctl repair"},
        Case{{Kind::name, Side::host, "veth-c1", "veth-c1", "uplink"}, "vethctl repair"},
        Case{{Kind::peer, Side::container, "eth0", "veth-c1"}, create_again}}) {
    EXPECT_EQ(only({.attachments = {detail("c1", {difference})}}).remedy, remedy) << wiring::to_string(difference);
  }
}

TEST(Diagnosis, ReportsAttachmentsThatAreNotLive) {
  struct Case {
    inspect::State state;
    std::uint32_t host_index;
    std::string what;
  };
  using inspect::State;
  for (const auto& [state, host_index, what] :
       {Case{State::incomplete, 0, "stale record of an ADD that did not finish"},
        Case{State::incomplete, 7, "stale interface of an ADD that did not finish"},
        Case{State::broken, 0, "stale record: its interface is missing, its addresses are still leased"},
        Case{State::unrecorded, 7, "the record of interface \"veth-c1\" is missing"}}) {
    auto attachment = test::in_state(test::routed("c1"), state);
    attachment.host_index = host_index;
    const auto found = only({.attachments = {{.attachment = attachment}}});
    EXPECT_EQ(found.what, what);
    EXPECT_EQ(found.severity, Severity::warning) << what;
  }
  const auto in_flight = test::in_state(test::routed("c1"), inspect::State::in_flight);
  EXPECT_TRUE(findings_of({.attachments = {{.attachment = in_flight}}}).empty());
}

TEST(Diagnosis, SuggestsToDeleteABrokenPairBetweenNamespaces) {
  const auto broken = test::in_state(test::joined("red", "blue"), inspect::State::broken);
  EXPECT_EQ(only({.attachments = {{.attachment = broken}}}).remedy, "delete the container with the runtime");
}

TEST(Diagnosis, ReportsFaultsOfTheStateFolder) {
  const auto tag = cni::tag_of({"net", "c1", "eth0"});
  EXPECT_EQ(only({.unreadable = {{"net", tag}}}).where, Texts{"record net/#" + cni::to_string(tag)});
  EXPECT_EQ(only({.unrecorded_leases = {{"net", test::ip("10.1.2.9")}}}).where, Texts{"net 10.1.2.9"});
  const cni::Error unusable{cni::ErrorCode::system_refused, "state folder can be written by others", "chmod go-w it"};
  EXPECT_TRUE(only({.unusable = {unusable}}) ==
              (Finding{Severity::fault, "state folder can be written by others", {}, "chmod go-w it"}));
}

TEST(Diagnosis, ReportsRulesWithoutAnAttachment) {
  const auto finding = only({.orphaned_rules = {cni::Tag{0}}});
  EXPECT_EQ(finding.severity, Severity::warning);
  EXPECT_EQ(finding.where, Texts{"#aaaaaaaaaaaaa"});
  EXPECT_EQ(finding.remedy, "vethctl gc");
}

TEST(Diagnosis, ReportsMissingAndConflictingLeases) {
  const cni::Attachment attachment{"net", "c1", "eth0"};
  EXPECT_EQ(only({.address_mismatches = {{attachment, {test::ip("10.1.2.2")}, ""}}}).what,
            "address 10.1.2.2 of the container is not leased: another container can get it");
  EXPECT_EQ(only({.address_mismatches = {{attachment, {}, "10.1.2.2 is held by container \"c2\""}}}).what,
            "two containers have the same address: 10.1.2.2 is held by container \"c2\"");
}

TEST(Diagnosis, NamesTheHolderOfAnAddressThatLivesElsewhere) {
  const inspect::UnreachableAddress of_host{test::ip("10.1.2.2"), true, {"net", "c1", "eth0"}};
  EXPECT_EQ(only({.unreachable = {of_host}}).what,
            "address 10.1.2.2 lives elsewhere on the node: the host itself has it");
  const inspect::UnreachableAddress routed{test::ip("fd00::2"), false, {"net", "c1", "eth0"}};
  EXPECT_EQ(only({.unreachable = {routed}}).what,
            "address fd00::2 lives elsewhere on the node: the host has a route to it");
}

TEST(Diagnosis, NamesTheContainersThatShareAnAddressOfABridge) {
  const inspect::SharedAddress shared{test::ip("10.1.2.2"), "br0", {{"net", "c1", "eth0"}, {"pods", "c2", "eth0"}}};
  const auto finding = only({.shared_addresses = {shared}});
  EXPECT_EQ(finding.what, "containers of several networks have the same address on bridge \"br0\": 10.1.2.2");
  EXPECT_EQ(finding.where.size(), 2U);
}

TEST(Diagnosis, ReportsPacketsThatTheReversePathFilterDrops) {
  inspect::DroppedPacket packet{test::ip("10.1.2.2"), "veth-c1", {"net", "c1", "eth0"}};
  EXPECT_EQ(
      only({.dropped_packets = {packet}}).what,
      "the strict reverse path filter (rp_filter) drops packets from 10.1.2.2 that arrive on interface \"veth-c1\"");
  EXPECT_EQ(only({.dropped_packets = {packet}}).severity, Severity::fault);
  packet.is_from_other_attachment = true;
  EXPECT_EQ(only({.dropped_packets = {packet}}).severity, Severity::warning) << "such a packet may never arrive there";
}

TEST(Diagnosis, NamesTheInterfacesThatIgnoreRouterAdvertisements) {
  const auto finding = only({.ignoring_router_advertisements = {"eth0", "eth1"}});
  EXPECT_EQ(finding.severity, Severity::warning) << "a router may not exist";
  EXPECT_TRUE(finding.what.starts_with("IPv6 forwarding is on and accept_ra is 1")) << finding.what;
  EXPECT_EQ(finding.where, (std::vector<std::string>{"interface eth0", "interface eth1"}));
}

TEST(Diagnosis, ReportsADroppingFirewallWithACommand) {
  struct Case {
    kernel::DroppingChain chain;
    std::string remedy;
  };
  for (const auto& [chain, remedy] :
       {Case{{"ip", "filter", "FORWARD"}, "iptables -I FORWARD"},
        Case{{"ip6", "filter", "FORWARD"}, "ip6tables -I FORWARD"},
        Case{{"inet", "firewalld", "filter_FORWARD"}, "firewall-cmd"},
        Case{{"inet", "mine", "forward"},
             "nft insert rule inet mine forward ip saddr SUBNET accept, and nft insert rule inet mine "
             "forward ip daddr SUBNET accept"}}) {
    const auto found = only({.firewall = {.chains = {chain}}});
    EXPECT_EQ(found.where, Texts{"nftables chain " + chain.family + ' ' + chain.table + ' ' + chain.name});
    EXPECT_TRUE(found.remedy.starts_with(remedy)) << found.remedy;
  }
  EXPECT_EQ(only({.firewall = {.has_legacy_rules = true}}).severity, Severity::note);
}

TEST(Diagnosis, NamesTheSubnetsToAccept) {
  const inspect::Detail there{.attachment = test::routed("c1")};
  const auto found = only({.attachments = {there}, .firewall = {.chains = {{"ip", "filter", "FORWARD"}}}});
  EXPECT_EQ(found.severity, Severity::warning);
  EXPECT_TRUE(found.remedy.starts_with(
      "iptables -I FORWARD -s 10.1.2.0/24 -j ACCEPT, and iptables -I FORWARD -d 10.1.2.0/24 -j ACCEPT. "))
      << found.remedy;
  const auto other = only({.attachments = {there}, .firewall = {.chains = {{"ip6", "filter", "FORWARD"}}}});
  EXPECT_TRUE(other.remedy.starts_with("ip6tables -I FORWARD -s SUBNET")) << "there is no IPv6: " << other.remedy;
}

TEST(Diagnosis, ReportsAFirewallThatAcceptsSomePacketsAsANote) {
  const auto found = only({.firewall = {.chains = {{"ip", "filter", "FORWARD", true}}}});
  EXPECT_EQ(found.severity, Severity::note);
  EXPECT_TRUE(found.remedy.starts_with("if it drops packets of containers: iptables")) << found.remedy;
}

TEST(Diagnosis, SuggestsACommandForAChangedMac) {
  auto changed = detail("c1", {{Kind::mac, Side::container, "eth0", "02:00:00:00:00:0a", "02:00:00:00:00:01"}});
  changed.wanted = test::wanted("c1");
  EXPECT_EQ(
      only({.attachments = {changed}}).remedy,
      "if the change is not intended: nsenter --net=/run/netns/c1 ip link set dev eth0 address 02:00:00:00:00:0a");
  changed.differences = {{Kind::mac, Side::host, "veth-c1", "02:00:00:00:00:0b", "02:00:00:00:00:01"}};
  EXPECT_EQ(only({.attachments = {changed}}).remedy, "if the change is not intended: ip link set dev " +
                                                         changed.wanted->host.name + " address 02:00:00:00:00:0b");
}

/// The plugin tuning sets the MAC of the container end. With macspoofchk the host drops the frames with it.
TEST(Diagnosis, ReportsAMacThatALaterPluginMayHaveSetAsANote) {
  auto changed = detail("c1", {{Kind::mac, Side::container, "eth0", "02:00:00:00:00:0a", "02:00:00:00:00:01"}});
  changed.wanted = test::wanted("c1");
  EXPECT_EQ(only({.attachments = {changed}}).severity, Severity::note);
  changed.wanted->bridge = wiring::Bridge{.name = "br0", .check_macs = true};
  EXPECT_EQ(only({.attachments = {changed}}).severity, Severity::fault) << "the frames are dropped";
  changed.wanted->bridge->check_macs = false;
  EXPECT_EQ(only({.attachments = {changed}}).severity, Severity::note);
  changed.differences = {{Kind::mac, Side::host, "veth-c1", "02:00:00:00:00:0b", "02:00:00:00:00:01"}};
  EXPECT_EQ(only({.attachments = {changed}}).severity, Severity::fault) << "no plugin changes the host end";
}

TEST(Diagnosis, SortsBySeverity) {
  const auto findings = findings_of({.configuration = {{.severity = Severity::note, .what = "unknown key"}},
                                     .unrecorded_leases = {{"net", test::ip("10.1.2.9")}},
                                     .attachments = {detail("c1", {route_missing})}});
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_EQ(findings[0].severity, Severity::fault);
  EXPECT_EQ(findings[1].severity, Severity::warning);
  EXPECT_EQ(findings[2].severity, Severity::note);
}

TEST(Diagnosis, NamesTheForeignRouteAndNotTheMissingOne) {
  kernel::RouteEntry route{.route = {.destination = test::prefix("10.1.2.2/32")}, .protocol = 3, .device = "eth7"};
  auto broken = detail("c1", {{Kind::route, Side::host, "veth-c1", "10.1.2.2/32"}});
  const inspect::UnreachableAddress address{test::ip("10.1.2.2"), false, {"net", "c1", "eth0"}, route};
  const auto finding = only({.attachments = {broken}, .unreachable = {address}});
  EXPECT_EQ(finding.what,
            "address 10.1.2.2 lives elsewhere on the node: the host has a route to it: 10.1.2.2/32 dev eth7 table main "
            "proto boot");
  EXPECT_EQ(finding.remedy, "ip route del 10.1.2.2/32 dev eth7 table main proto boot, then vethctl repair");
}

TEST(Diagnosis, FoldsWhatFollowsFromAnInterfaceThatIsDown) {
  const wiring::Difference down{Kind::down, Side::host, "veth-c1"};
  const auto finding = only({.attachments = {detail("c1", {down, route_missing})}});
  EXPECT_EQ(finding.what, wiring::to_string(down));
  ASSERT_EQ(finding.consequences.size(), 1U);
  EXPECT_EQ(finding.consequences[0].what, wiring::to_string(route_missing));
}

TEST(Diagnosis, FoldsTheMissingRulesOfSeveralAttachments) {
  const auto rule = [](const std::string& name) { return wiring::Difference{Kind::rule, Side::node, name}; };
  EXPECT_EQ(only({.attachments = {detail("c1", {rule("rule 1")})}}).what, "rule 1 is missing");
  const auto finding = only({.attachments = {detail("c1", {rule("rule 1")}), detail("c2", {rule("rule 2")})}});
  EXPECT_EQ(finding.where, (Texts{"net/c1/eth0", "net/c2/eth0"}));
  EXPECT_EQ(finding.consequences.size(), 2U);
}

TEST(Diagnosis, ReportsRulesThatMatchContainers) {
  kernel::PolicyRule rule{.family = cni::Family::ipv4, .priority = 100, .table = 55};
  rule.source = test::prefix("10.1.2.0/24");
  const auto finding = only({.matching_rules = {{rule, {"net", "c1", "eth0"}}}});
  EXPECT_EQ(finding.severity, Severity::note);
  EXPECT_EQ(finding.remedy, "if it is not intended: ip rule del from 10.1.2.0/24 pref 100");
  rule.action = kernel::PolicyRule::Action::reject;
  EXPECT_EQ(only({.matching_rules = {{rule, {"net", "c1", "eth0"}}}}).severity, Severity::fault);
}

TEST(Diagnosis, ReportsRoutesThatDropPacketsInTheContainer) {
  const kernel::RouteEntry route{
      .type = kernel::RouteType::blackhole, .route = {.destination = test::prefix("0.0.0.0/0")}, .protocol = 3};
  const auto finding = only({.container_routing = {{{"net", "c1", "eth0"}, "/run/netns/c1", {route}}}});
  EXPECT_EQ(finding.severity, Severity::fault);
  EXPECT_EQ(finding.remedy, "nsenter --net=/run/netns/c1 ip route del blackhole 0.0.0.0/0 table main proto boot");
}

}  // namespace
