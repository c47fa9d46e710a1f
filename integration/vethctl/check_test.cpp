// vethctl check and repair: manual changes are reported, and after repair traffic flows again.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

using Texts = std::vector<std::string>;

constexpr auto conf_dir = "/run/test/net.d";

/// Runs check on a node with one valid configuration.
Outcome check_node() {
  std::filesystem::create_directories(conf_dir);
  std::ofstream{std::string{conf_dir} + "/10-net.conf"} << dual_stack();
  return vethctl({"check", "--conf-dir", conf_dir, "--output", "json"});
}

json findings() {
  const auto outcome = check_node();
  EXPECT_EQ(outcome.err, "");
  auto found = json::parse(outcome.out);
  EXPECT_EQ(outcome.exit, found.empty() ? 0 : 1);
  return found;
}

/// The field "what" of each finding.
Texts finding_texts() {
  Texts texts;
  for (const auto& finding : findings()) texts.push_back(finding.at("what").get<std::string>());
  return texts;
}

bool contains_text(const Texts& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

void set_host_sysctl(const std::string& name, const std::string& value) {
  const auto outcome = run({.argv = {"sh", "-c", "echo " + value + " > /proc/sys/net/" + name}});
  ASSERT_EQ(outcome.exit, 0) << outcome.err;
}

json bridge_network_lan() {
  json config = dual_stack();
  config["name"] = "lan";
  config["mode"] = "bridge";
  config["isDefaultGateway"] = true;
  config["ipam"] = veth_ipam({"10.7.0.0/24", "fd00:7::/64"});
  config["ipam"].erase("routes");
  return config;
}

/// Containers a and b of one network, in the namespaces a and b.
class VethctlCheck : public testing::Test {
 protected:
  void attach(const json& config) {
    for (const auto* container : {&a, &b}) {
      const auto added = add(*container, config);
      ASSERT_EQ(added.exit, 0) << added;
      (container == &a ? result_of_a : result_of_b) = added.result;
    }
  }

  /// Whether a and b reach each other and their gateways.
  bool traffic_flows() const {
    for (const int family : {4, 6}) {
      for (const auto* to : {&result_of_b, &result_of_a}) {
        const auto& from = to == &result_of_b ? a : b;
        if (!ping(from.netns, address_of(*to, family)) || !ping(from.netns, gateway_of(*to, family))) return false;
      }
    }
    return true;
  }

  /// After `damage` check reports `what`, and after repair it reports nothing and traffic flows.
  void expect_restored(const std::string& what, const std::function<void()>& damage) const {
    SCOPED_TRACE(what);
    damage();
    EXPECT_FALSE(traffic_flows());
    EXPECT_TRUE(contains_text(finding_texts(), what)) << findings().dump(2);
    EXPECT_EQ(vethctl({"repair", "--dry-run"}).exit, 0);
    EXPECT_TRUE(contains_text(finding_texts(), what)) << "a dry run changes nothing";
    const auto repaired = vethctl({"repair"});
    EXPECT_EQ(repaired.exit, 0) << repaired.err << repaired.out;
    EXPECT_NE(repaired.out.find(what + ": restored\n"), std::string::npos) << repaired.out;
    EXPECT_EQ(findings(), json::array());
    EXPECT_TRUE(traffic_flows());
    const auto before = Snapshot::take();
    EXPECT_EQ(vethctl({"repair"}).out, "nothing to restore\n");
    EXPECT_TRUE(unchanged_since(before));
  }

  void delete_both(const json& config) const {
    for (const auto* container : {&a, &b}) EXPECT_EQ(del(*container, config).exit, 0);
  }

  std::string host_interface() const { return host_interface_of(result_of_a); }

  Namespace host = Namespace::host();
  Container a{"a"};
  Container b{"b"};
  json result_of_a;
  json result_of_b;
};

TEST_F(VethctlCheck, ReportsNothingOnAHealthyNodeAndChangesNothing) {
  attach(dual_stack());
  const auto before = Snapshot::take();
  EXPECT_EQ(findings(), json::array());
  EXPECT_EQ(vethctl({"repair"}).out, "nothing to restore\n");
  EXPECT_TRUE(unchanged_since(before));
}

/// A route with other attributes is replaced, and does not prevent the repair of a missing route.
TEST_F(VethctlCheck, ReplacesRoutesThatWereAltered) {
  json config = dual_stack();
  config["ipam"]["routes"].push_back({{"dst", "10.77.0.0/16"}, {"mtu", 1400}});
  attach(config);
  run_ip(a.netns, {"route", "replace", "10.77.0.0/16", "via", "10.1.2.1", "dev", "eth0", "mtu", "1300", "proto", "86"});
  run_ip(host, {"-6", "route", "delete", "fd00:1:2::2"});
  EXPECT_TRUE(contains_text(finding_texts(), "route 10.77.0.0/16 via 10.1.2.1 is missing on interface \"eth0\""))
      << findings().dump(2);
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.err << repaired.out;
  EXPECT_EQ(findings(), json::array());
  const auto routes = ip(a.netns, {"route", "show", "10.77.0.0/16"});
  ASSERT_EQ(routes.size(), 1U) << routes;
  EXPECT_EQ(routes.at(0).at("metrics").at(0).at("mtu"), 1400);
  EXPECT_TRUE(traffic_flows());
  delete_both(config);
}

TEST_F(VethctlCheck, ReportsAndRestoresManualChangesInModePtp) {
  const auto before = Snapshot::take();
  attach(dual_stack());
  const auto on_host = host_interface();
  expect_restored("route 10.1.2.2/32 is missing on interface \"" + on_host + '"', [&] {
    run_ip(host, {"route", "delete", "10.1.2.2"});
  });
  expect_restored("route fd00:1:2::2/128 is missing on interface \"" + on_host + '"', [&] {
    run_ip(host, {"-6", "route", "delete", "fd00:1:2::2"});
  });
  expect_restored("address 10.1.2.1/32 is missing on interface \"" + on_host + '"', [&] {
    run_ip(host, {"address", "flush", "dev", on_host});
  });
  expect_restored("address fd00:1:2::1 is missing on interface \"lo\" of the host", [&] {
    run_ip(host, {"address", "delete", "fd00:1:2::1/128", "dev", "lo"});
  });
  expect_restored("address 10.1.2.2/24 is missing on interface \"eth0\"", [&] {
    run_ip(a.netns, {"address", "flush", "dev", "eth0"});
  });
  expect_restored("route 0.0.0.0/0 via 10.1.2.1 is missing on interface \"eth0\"", [&] {
    run_ip(a.netns, {"route", "flush", "table", "main"});
  });
  expect_restored("interface \"eth0\" is down", [&] { run_ip(a.netns, {"link", "set", "eth0", "down"}); });
  expect_restored("interface \"" + on_host + "\" is down", [&] { run_ip(host, {"link", "set", on_host, "down"}); });
  expect_restored("IPv4 forwarding is off on the host (net.ipv4.ip_forward)",
                  [] { set_host_sysctl("ipv4/ip_forward", "0"); });
  expect_restored("IPv6 forwarding is off on the host (net.ipv6.conf.all.forwarding)",
                  [] { set_host_sysctl("ipv6/conf/all/forwarding", "0"); });
  delete_both(dual_stack());
  EXPECT_TRUE(unchanged_since(before));
}

/// With a smaller MTU only larger packets are dropped, so pings still work.
TEST_F(VethctlCheck, ReportsAndRestoresAChangedMtu) {
  attach(dual_stack());
  run_ip(host, {"link", "set", host_interface(), "mtu", "1400"});
  EXPECT_EQ(finding_texts(), Texts{"interface \"" + host_interface() + "\" has MTU 1400, expected 1500"});
  EXPECT_EQ(code_of(check(a, dual_stack(), result_of_a)), 104);
  EXPECT_EQ(vethctl({"repair"}).exit, 0);
  EXPECT_EQ(findings(), json::array());
  EXPECT_EQ(check(a, dual_stack(), result_of_a).exit, 0);
}

/// The plugin tuning of a chain sets the MAC of the container end. That is a note, and nothing to repair, also while
/// something else is reported.
TEST_F(VethctlCheck, ReportsAMacThatALaterPluginHasSetAsANote) {
  for (const auto& config : {dual_stack(), bridge_network_lan()}) {
    attach(config);
    const auto unchanged = ip(a.netns, {"link", "show", "eth0"}).at(0).at("address").get<std::string>();
    run_ip(a.netns, {"link", "set", "eth0", "address", "0a:58:0a:01:02:63"});
    const auto checked = check_node();
    EXPECT_EQ(checked.exit, 0) << checked.out;
    const auto finding = json::parse(checked.out).at(0);
    EXPECT_EQ(finding.at("severity"), "note");
    EXPECT_EQ(finding.at("what"), "interface \"eth0\" has MAC 0a:58:0a:01:02:63, expected " + unchanged);
    EXPECT_TRUE(traffic_flows());
    EXPECT_EQ(vethctl({"repair"}).out, "nothing to restore\n");
    run_ip(host, {"link", "set", host_interface(), "mtu", "1400"});
    EXPECT_EQ(check_node().exit, 1);
    const auto repaired = vethctl({"repair"});
    EXPECT_EQ(repaired.exit, 0) << repaired.out;
    EXPECT_TRUE(traffic_flows());
    delete_both(config);
  }
}

/// With macspoofchk the host drops frames with the new MAC.
TEST_F(VethctlCheck, ReportsAMacThatIsDroppedAsAFault) {
  auto config = bridge_network_lan();
  config["macspoofchk"] = true;
  attach(config);
  run_ip(a.netns, {"link", "set", "eth0", "address", "0a:58:0a:01:02:63"});
  const auto checked = check_node();
  EXPECT_EQ(checked.exit, 1);
  EXPECT_EQ(json::parse(checked.out).at(0).at("severity"), "fault");
  delete_both(config);
}

/// Traffic still flows, but the interface cannot be found by its name or alias.
TEST_F(VethctlCheck, ReportsAndRestoresAChangedAliasAndAChangedName) {
  const auto before = Snapshot::take();
  attach(dual_stack());
  const auto on_host = host_interface();
  const auto alias = ip(host, {"link", "show", on_host}).at(0).at("ifalias").get<std::string>();
  const auto expect_attribute_restored = [&](const std::string& what) {
    SCOPED_TRACE(what);
    EXPECT_EQ(code_of(check(a, dual_stack(), result_of_a)), 104);
    EXPECT_EQ(finding_texts(), Texts{what});
    const auto repaired = vethctl({"repair"});
    EXPECT_EQ(repaired.out, "net/a/eth0: " + what + ": restored\n") << repaired.err;
    EXPECT_EQ(findings(), json::array());
    EXPECT_EQ(check(a, dual_stack(), result_of_a).exit, 0);
    EXPECT_EQ(ip(host, {"link", "show", on_host}).at(0).at("ifalias"), alias);
    EXPECT_TRUE(traffic_flows());
  };
  run_ip(host, {"link", "set", on_host, "alias", "rack 7"});
  expect_attribute_restored("interface \"" + on_host + "\" has alias \"rack 7\", expected \"" + alias + '"');
  const auto renamed = run({.argv = {"ip", "link", "set", on_host, "name", "uplink"}});
  if (renamed.exit == 0) {  // from Linux 6.2 on
    expect_attribute_restored("interface \"" + on_host + "\" was renamed to \"uplink\"");
  }
  delete_both(dual_stack());
  EXPECT_TRUE(unchanged_since(before));
}

/// With routes and addresses that the kernel has removed when the interface went down.
TEST_F(VethctlCheck, RestoresANameThatWasChangedWhileTheInterfaceWasDown) {
  attach(dual_stack());
  const auto on_host = host_interface();
  rename_interface(host, on_host, "uplink");
  run_ip(host, {"link", "set", "uplink", "up"});
  EXPECT_EQ(code_of(check(a, dual_stack(), result_of_a)), 104);
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
  EXPECT_TRUE(has_interface(host, on_host));
  EXPECT_EQ(findings(), json::array());
  EXPECT_TRUE(traffic_flows());
  delete_both(dual_stack());
}

/// The path of a namespace may lead to another one later (/proc/PID/ns/net after the PID was used again), in which eth0
/// has the same ifindex. Repair changes neither another container nor the host.
TEST_F(VethctlCheck, RepairsNothingInANamespaceOfAnotherAttachment) {
  attach(dual_stack());
  for (const auto& elsewhere : {b.netns.path(), host.path()}) {
    SCOPED_TRACE(elsewhere);
    ASSERT_EQ(run({.argv = {"mount", "--bind", elsewhere, a.netns.path()}}).exit, 0);
    const auto before = Snapshot::take();
    const auto repaired = vethctl({"repair"});
    EXPECT_EQ(repaired.exit, 1) << repaired.err;
    EXPECT_NE(repaired.out.find(": not restored\n"), std::string::npos) << repaired.out;
    EXPECT_TRUE(unchanged_since(before));
    ASSERT_EQ(run({.argv = {"umount", a.netns.path()}}).exit, 0);
  }
  EXPECT_EQ(findings(), json::array());
  delete_both(dual_stack());
}

TEST_F(VethctlCheck, ReportsAndRestoresManualChangesInModeBridge) {
  attach(bridge_network_lan());
  std::string port;
  for (const auto& interface : result_of_a.at("interfaces")) {
    const auto name = interface.at("name").get<std::string>();
    if (name.starts_with("veth")) port = name;
  }
  expect_restored("address 10.7.0.1/24 is missing on interface \"cni0\"", [&] {
    run_ip(host, {"address", "delete", "10.7.0.1/24", "dev", "cni0"});
  });
  expect_restored("interface \"" + port + "\" is not a port of bridge \"cni0\"", [&] {
    run_ip(host, {"link", "set", port, "nomaster"});
  });
  expect_restored("bridge \"cni0\" is down", [&] { run_ip(host, {"link", "set", "cni0", "down"}); });
  expect_restored("bridge \"cni0\" is missing", [&] { run_ip(host, {"link", "delete", "cni0"}); });
  expect_restored("address fd00:7::2/64 is missing on interface \"eth0\"", [&] {
    run_ip(a.netns, {"address", "delete", "fd00:7::2/64", "dev", "eth0"});
  });
  delete_both(bridge_network_lan());
}

TEST_F(VethctlCheck, ReportsAndRestoresManualChangesInModeNetns) {
  ASSERT_EQ(vethctl({"connect", "a", "b", "--address", "10.5.0.1/24", "--peer-address", "10.5.0.2/24"}).exit, 0);
  run_ip(b.netns, {"link", "set", "eth0", "down"});
  run_ip(b.netns, {"address", "flush", "dev", "eth0"});
  const std::string what = "address 10.5.0.2/24 is missing on interface \"eth0\"";
  EXPECT_TRUE(contains_text(finding_texts(), what)) << findings().dump(2);
  EXPECT_EQ(vethctl({"repair", "vethctl"}).exit, 0);
  EXPECT_EQ(findings(), json::array());
  EXPECT_TRUE(ping(a.netns, "10.5.0.2"));
}

TEST_F(VethctlCheck, ReportsAMissingInterface) {
  attach(dual_stack());
  rename_interface(a.netns, "eth0", "eth7");
  const auto found = findings();
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0]["what"], "interface \"eth0\" is missing");
  EXPECT_EQ(found[0]["where"], json::array({"net/a/eth0"}));
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 1);
  EXPECT_EQ(repaired.out, "net/a/eth0: interface \"eth0\" is missing: not restored\n") << repaired.err;
}

TEST_F(VethctlCheck, DropsStaleAttachments) {
  const auto before = Snapshot::take();
  attach(dual_stack());
  run_ip(host, {"link", "delete", host_interface()});
  EXPECT_EQ(finding_texts(), Texts{"stale record: its interface is missing, its addresses are still leased"});
  EXPECT_EQ(vethctl({"repair"}).out, "net/a/eth0: 10.1.2.2, fd00:1:2::2: stale attachment removed\n");
  EXPECT_EQ(findings(), json::array());
  EXPECT_EQ(del(b, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlCheck, ReportsStrictReversePathFilters) {
  attach(dual_stack());
  a.interface = "eth1";
  ASSERT_EQ(add(a, bridge_network_lan()).exit, 0);
  EXPECT_EQ(findings(), json::array());
  set_host_sysctl("ipv4/conf/all/rp_filter", "1");
  const auto drops = [](const std::string& address, const std::string& interface) {
    return "the strict reverse path filter (rp_filter) drops packets from " + address + " that arrive on interface \"" +
           interface + '"';
  };
  EXPECT_EQ(finding_texts(), (Texts{drops("10.1.2.2", "cni0"), drops("10.7.0.2", host_interface())}));
  set_host_sysctl("ipv4/conf/all/rp_filter", "2");
  EXPECT_EQ(findings(), json::array());
}

/// Shell commands that set up a firewall, and the chains that check has to report.
struct Firewall {
  std::string commands;
  Texts where;
};

TEST_F(VethctlCheck, ReportsFirewallsThatDropForwardedPackets) {
  for (const auto& [commands, where] :
       {Firewall{"iptables-nft -P FORWARD DROP", {"nftables chain ip filter FORWARD"}},
        Firewall{"ip6tables-nft -A FORWARD -j REJECT", {"nftables chain ip6 filter FORWARD"}},
        Firewall{
            "nft add table inet x; nft 'add chain inet x forward { type filter hook forward priority 0; policy drop; "
            "}'",
            {"nftables chain inet x forward"}},
        Firewall{"nft add table inet x; nft 'add chain inet x forward { type filter hook forward priority 0; }'; "
                 "nft add rule inet x forward ct state established accept; nft add rule inet x forward counter reject",
                 {"nftables chain inet x forward"}},
        Firewall{
            "nft add table inet x; nft 'add chain inet x input { type filter hook input priority 0; policy drop; }'",
            {}},
        Firewall{"nft add table inet x; nft 'add chain inet x forward { type filter hook forward priority 0; }'; "
                 "nft add rule inet x forward ip daddr 192.0.2.1 drop",
                 {}}}) {
    const auto outcome = run({.argv = {"sh", "-ec", commands}});
    ASSERT_EQ(outcome.exit, 0) << commands << '\n' << outcome.err;
    Texts found;
    for (const auto& finding : findings()) found.push_back(finding.at("where").at(0).get<std::string>());
    EXPECT_EQ(found, where) << commands;
    run({.argv = {"nft", "flush", "ruleset"}});
  }
}

/// The rules are those that the finding recommends; with Docker they are in the chain DOCKER-USER.
TEST_F(VethctlCheck, DoesNotReportFirewallsThatAcceptContainers) {
  attach(dual_stack());
  EXPECT_EQ(findings(), json::array());
  for (const auto* commands :
       {"iptables-nft -P FORWARD DROP; iptables-nft -I FORWARD -s 10.1.2.0/24 -j ACCEPT; "
        "iptables-nft -I FORWARD -d 10.1.2.0/24 -j ACCEPT",
        "iptables-nft -P FORWARD DROP; iptables-nft -N DOCKER-USER; iptables-nft -A FORWARD -j DOCKER-USER; "
        "iptables-nft -A DOCKER-USER -s 10.1.2.0/24 -j ACCEPT"}) {
    ASSERT_EQ(run({.argv = {"sh", "-ec", commands}}).exit, 0) << commands;
    const auto checked = vethctl({"check", "--conf-dir", conf_dir});
    EXPECT_EQ(checked.exit, 0) << checked.out;
    EXPECT_NE(checked.out.find("iptables -I FORWARD -s 10.1.2.0/24 -j ACCEPT"), std::string::npos) << checked.out;
    run({.argv = {"sh", "-ec", "iptables-nft -F; iptables-nft -X; iptables-nft -A FORWARD -j ACCEPT"}});
    EXPECT_EQ(findings(), json::array()) << "all is accepted";
    run({.argv = {"sh", "-ec", "iptables-nft -F; iptables-nft -P FORWARD ACCEPT"}});
  }
}

TEST_F(VethctlCheck, ReportsErrorsOfConfigurationAndState) {
  attach(dual_stack());
  const auto broken = std::string{conf_dir} + "/20-broken.conf";
  std::filesystem::create_directories(conf_dir);
  std::ofstream{broken} << R"({"cniVersion": "1.0.0", "name": "x", "type": "veth", "mtuu": 1400})";
  EXPECT_EQ(finding_texts(), Texts{"code 2: /mtuu: unknown key with value 1400: did you mean \"mtu\"?"});
  std::filesystem::remove(broken);
  run({.argv = {
           "sh", "-c",
           "for f in /run/veth-cni/*/net/live/*; do echo >$f; done; ln -s x $(dirname $f)/../addresses/10.1.2.77"}});
  EXPECT_EQ(finding_texts(), (Texts{"the record of an attachment cannot be read", "a leased address is in no record"}));
  EXPECT_EQ(vethctl({"repair"}).exit, 0);
  EXPECT_EQ(finding_texts(), Texts{"a leased address is in no record"});
  run({.argv = {"sh", "-c", "chmod go+w /run/veth-cni"}});
  EXPECT_TRUE(contains_text(finding_texts(), "state folder \"/run/veth-cni\" can be written by others (mode 0722)"));
}

}  // namespace
