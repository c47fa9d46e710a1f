// vethctl check and repair: what somebody changed by hand is named, and mended, and traffic flows again.
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

/// What check finds on a node with one right configuration.
json findings() {
  std::filesystem::create_directories(conf_dir);
  std::ofstream{std::string{conf_dir} + "/10-net.conf"} << dual_stack();
  const auto outcome = vethctl({"check", "--conf-dir", conf_dir, "--output", "json"});
  EXPECT_EQ(outcome.err, "");
  auto found = json::parse(outcome.out);
  EXPECT_EQ(outcome.exit, found.empty() ? 0 : 1);
  return found;
}

Texts whats() {
  Texts texts;
  for (const auto& finding : findings()) texts.push_back(finding.at("what").get<std::string>());
  return texts;
}

bool holds(const Texts& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

void sysctl(const std::string& name, const std::string& value) {
  const auto outcome = run({.argv = {"sh", "-c", "echo " + value + " > /proc/sys/net/" + name}});
  ASSERT_EQ(outcome.exit, 0) << outcome.err;
}

json bridge_to_check() {
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

  /// a and b reach each other and their gateways.
  bool traffic_flows() const {
    for (const int family : {4, 6}) {
      for (const auto* to : {&result_of_b, &result_of_a}) {
        const auto& from = to == &result_of_b ? a : b;
        if (!ping(from.netns, address_of(*to, family)) || !ping(from.netns, gateway_of(*to, family))) return false;
      }
    }
    return true;
  }

  /// After `damage` check says `what` among other things, and after repair all is well again.
  void expect_mended(const std::string& what, const std::function<void()>& damage) const {
    SCOPED_TRACE(what);
    damage();
    EXPECT_FALSE(traffic_flows());
    EXPECT_TRUE(holds(whats(), what)) << findings().dump(2);
    EXPECT_EQ(vethctl({"repair", "--dry-run"}).exit, 0);
    EXPECT_TRUE(holds(whats(), what)) << "a dry run changes nothing";
    const auto repaired = vethctl({"repair"});
    EXPECT_EQ(repaired.exit, 0) << repaired.err << repaired.out;
    EXPECT_NE(repaired.out.find("mended: " + what + '\n'), std::string::npos) << repaired.out;
    EXPECT_EQ(findings(), json::array());
    EXPECT_TRUE(traffic_flows());
    const auto before = Snapshot::take();
    EXPECT_EQ(vethctl({"repair"}).out, "there is nothing to mend\n");
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

TEST_F(VethctlCheck, FindsNothingWhereAllIsWellAndChangesNothing) {
  attach(dual_stack());
  const auto before = Snapshot::take();
  EXPECT_EQ(findings(), json::array());
  EXPECT_EQ(vethctl({"repair"}).out, "there is nothing to mend\n");
  EXPECT_TRUE(unchanged_since(before));
}

/// A route that says something else is replaced, and does not keep what is lost beside it from being mended.
TEST_F(VethctlCheck, ReplacesRoutesThatWereAltered) {
  json config = dual_stack();
  config["ipam"]["routes"].push_back({{"dst", "10.77.0.0/16"}, {"mtu", 1400}});
  attach(config);
  change_ip(a.netns,
            {"route", "replace", "10.77.0.0/16", "via", "10.1.2.1", "dev", "eth0", "mtu", "1300", "proto", "86"});
  change_ip(host, {"-6", "route", "delete", "fd00:1:2::2"});
  EXPECT_TRUE(holds(whats(), "route 10.77.0.0/16 via 10.1.2.1 is missing on interface \"eth0\"")) << findings().dump(2);
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.err << repaired.out;
  EXPECT_EQ(findings(), json::array());
  const auto routes = ip(a.netns, {"route", "show", "10.77.0.0/16"});
  ASSERT_EQ(routes.size(), 1U) << routes;
  EXPECT_EQ(routes.at(0).at("metrics").at(0).at("mtu"), 1400);
  EXPECT_TRUE(traffic_flows());
  delete_both(config);
}

TEST_F(VethctlCheck, NamesAndMendsWhatWasChangedByHandInModePtp) {
  const auto before = Snapshot::take();
  attach(dual_stack());
  const auto on_host = host_interface();
  expect_mended("route 10.1.2.2/32 is missing on interface \"" + on_host + '"', [&] {
    change_ip(host, {"route", "delete", "10.1.2.2"});
  });
  expect_mended("route fd00:1:2::2/128 is missing on interface \"" + on_host + '"', [&] {
    change_ip(host, {"-6", "route", "delete", "fd00:1:2::2"});
  });
  expect_mended("address 10.1.2.1/32 is missing on interface \"" + on_host + '"', [&] {
    change_ip(host, {"address", "flush", "dev", on_host});
  });
  expect_mended("address fd00:1:2::1 is missing on interface \"lo\" of the host", [&] {
    change_ip(host, {"address", "delete", "fd00:1:2::1/128", "dev", "lo"});
  });
  expect_mended("address 10.1.2.2/24 is missing on interface \"eth0\"", [&] {
    change_ip(a.netns, {"address", "flush", "dev", "eth0"});
  });
  expect_mended("route 0.0.0.0/0 via 10.1.2.1 is missing on interface \"eth0\"", [&] {
    change_ip(a.netns, {"route", "flush", "table", "main"});
  });
  expect_mended("interface \"eth0\" is down", [&] { change_ip(a.netns, {"link", "set", "eth0", "down"}); });
  expect_mended("interface \"" + on_host + "\" is down", [&] { change_ip(host, {"link", "set", on_host, "down"}); });
  expect_mended("IPv4 forwarding is off on the host (net.ipv4.ip_forward)", [] { sysctl("ipv4/ip_forward", "0"); });
  expect_mended("IPv6 forwarding is off on the host (net.ipv6.conf.all.forwarding)",
                [] { sysctl("ipv6/conf/all/forwarding", "0"); });
  delete_both(dual_stack());
  EXPECT_TRUE(unchanged_since(before));
}

/// Packets flow all the same, up to a size.
TEST_F(VethctlCheck, NamesAndMendsAnMtuThatWasChangedByHand) {
  attach(dual_stack());
  change_ip(host, {"link", "set", host_interface(), "mtu", "1400"});
  EXPECT_EQ(whats(), Texts{"interface \"" + host_interface() + "\" has MTU 1400 and not 1500"});
  EXPECT_EQ(code_of(check(a, dual_stack(), result_of_a)), 104);
  EXPECT_EQ(vethctl({"repair"}).exit, 0);
  EXPECT_EQ(findings(), json::array());
  EXPECT_EQ(check(a, dual_stack(), result_of_a).exit, 0);
}

/// Packets flow all the same; what is addressed by name or found by alias would not be.
TEST_F(VethctlCheck, NamesAndMendsAChangedAliasAndAChangedName) {
  const auto before = Snapshot::take();
  attach(dual_stack());
  const auto on_host = host_interface();
  const auto alias = ip(host, {"link", "show", on_host}).at(0).at("ifalias").get<std::string>();
  const auto expect_restored = [&](const std::string& what) {
    SCOPED_TRACE(what);
    EXPECT_EQ(code_of(check(a, dual_stack(), result_of_a)), 104);
    EXPECT_EQ(whats(), Texts{what});
    const auto repaired = vethctl({"repair"});
    EXPECT_EQ(repaired.out, "net/a/eth0: mended: " + what + '\n') << repaired.err;
    EXPECT_EQ(findings(), json::array());
    EXPECT_EQ(check(a, dual_stack(), result_of_a).exit, 0);
    EXPECT_EQ(ip(host, {"link", "show", on_host}).at(0).at("ifalias"), alias);
    EXPECT_TRUE(traffic_flows());
  };
  change_ip(host, {"link", "set", on_host, "alias", "rack 7"});
  expect_restored("interface \"" + on_host + "\" has alias \"rack 7\" and not \"" + alias + '"');
  change_ip(host, {"link", "set", on_host, "name", "uplink"});
  expect_restored("interface \"" + on_host + "\" was renamed to \"uplink\"");
  delete_both(dual_stack());
  EXPECT_TRUE(unchanged_since(before));
}

/// A path of a namespace may come to name another one (/proc/PID/ns/net after the PID was used again): eth0 has the
/// same ifindex there. Neither another container nor the host is written into.
TEST_F(VethctlCheck, RepairsNothingInANamespaceThatIsNotTheAttachments) {
  attach(dual_stack());
  for (const auto& elsewhere : {b.netns.path(), host.path()}) {
    SCOPED_TRACE(elsewhere);
    ASSERT_EQ(run({.argv = {"mount", "--bind", elsewhere, a.netns.path()}}).exit, 0);
    const auto before = Snapshot::take();
    const auto repaired = vethctl({"repair"});
    EXPECT_EQ(repaired.exit, 1) << repaired.err;
    EXPECT_NE(repaired.out.find("net/a/eth0: not mended: "), std::string::npos) << repaired.out;
    EXPECT_TRUE(unchanged_since(before));
    ASSERT_EQ(run({.argv = {"umount", a.netns.path()}}).exit, 0);
  }
  EXPECT_EQ(findings(), json::array());
  delete_both(dual_stack());
}

TEST_F(VethctlCheck, NamesAndMendsWhatWasChangedByHandInModeBridge) {
  attach(bridge_to_check());
  std::string port;
  for (const auto& interface : result_of_a.at("interfaces")) {
    const auto name = interface.at("name").get<std::string>();
    if (name.starts_with("veth")) port = name;
  }
  expect_mended("address 10.7.0.1/24 is missing on interface \"cni0\"", [&] {
    change_ip(host, {"address", "delete", "10.7.0.1/24", "dev", "cni0"});
  });
  expect_mended("interface \"" + port + "\" is not a port of bridge \"cni0\"", [&] {
    change_ip(host, {"link", "set", port, "nomaster"});
  });
  expect_mended("bridge \"cni0\" is down", [&] { change_ip(host, {"link", "set", "cni0", "down"}); });
  expect_mended("bridge \"cni0\" is missing", [&] { change_ip(host, {"link", "delete", "cni0"}); });
  expect_mended("address fd00:7::2/64 is missing on interface \"eth0\"", [&] {
    change_ip(a.netns, {"address", "delete", "fd00:7::2/64", "dev", "eth0"});
  });
  delete_both(bridge_to_check());
}

TEST_F(VethctlCheck, NamesAndMendsWhatWasChangedByHandInModeNetns) {
  ASSERT_EQ(vethctl({"connect", "a", "b", "--address", "10.5.0.1/24", "--peer-address", "10.5.0.2/24"}).exit, 0);
  change_ip(b.netns, {"link", "set", "eth0", "down"});
  change_ip(b.netns, {"address", "flush", "dev", "eth0"});
  const std::string what = "address 10.5.0.2/24 is missing on interface \"eth0\"";
  EXPECT_TRUE(holds(whats(), what)) << findings().dump(2);
  EXPECT_EQ(vethctl({"repair", "vethctl"}).exit, 0);
  EXPECT_EQ(findings(), json::array());
  EXPECT_TRUE(ping(a.netns, "10.5.0.2"));
}

TEST_F(VethctlCheck, SaysThatAnInterfaceIsGone) {
  attach(dual_stack());
  change_ip(a.netns, {"link", "set", "eth0", "down", "name", "eth7"});
  const auto found = findings();
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0]["what"], "interface \"eth0\" is missing");
  EXPECT_EQ(found[0]["where"], json::array({"net/a/eth0"}));
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 1);
  EXPECT_EQ(repaired.out, "net/a/eth0: not mended: interface \"eth0\" is missing\n") << repaired.err;
}

TEST_F(VethctlCheck, DropsWhatIsDead) {
  const auto before = Snapshot::take();
  attach(dual_stack());
  change_ip(host, {"link", "delete", host_interface()});
  EXPECT_EQ(whats(), Texts{"its interface is gone, and its addresses are still taken"});
  EXPECT_EQ(vethctl({"repair"}).out, "net/a/eth0: dropped: 10.1.2.2, fd00:1:2::2\n");
  EXPECT_EQ(findings(), json::array());
  EXPECT_EQ(del(b, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlCheck, FindsStrictReversePathFilters) {
  attach(dual_stack());
  a.interface = "eth1";
  ASSERT_EQ(add(a, bridge_to_check()).exit, 0);
  EXPECT_EQ(findings(), json::array());
  sysctl("ipv4/conf/all/rp_filter", "1");
  const auto drops = [](const std::string& address, const std::string& interface) {
    return "the strict reverse path filter (rp_filter) drops packets from " + address + " that come in by \"" +
           interface + '"';
  };
  EXPECT_EQ(whats(), (Texts{drops("10.1.2.2", "cni0"), drops("10.7.0.2", host_interface())}));
  sysctl("ipv4/conf/all/rp_filter", "2");
  EXPECT_EQ(findings(), json::array());
}

/// A firewall that is set up by the shell.
struct Rules {
  std::string commands;
  Texts where;
};

TEST_F(VethctlCheck, FindsFirewallsThatDropForwardedPackets) {
  for (const auto& [commands, where] :
       {Rules{"iptables-nft -P FORWARD DROP", {"nftables chain ip filter FORWARD"}},
        Rules{"ip6tables-nft -A FORWARD -j REJECT", {"nftables chain ip6 filter FORWARD"}},
        Rules{"nft add table inet x; nft 'add chain inet x forward { type filter hook forward priority 0; policy drop; "
              "}'",
              {"nftables chain inet x forward"}},
        Rules{"nft add table inet x; nft 'add chain inet x forward { type filter hook forward priority 0; }'; "
              "nft add rule inet x forward ct state established accept; nft add rule inet x forward counter reject",
              {"nftables chain inet x forward"}},
        Rules{"nft add table inet x; nft 'add chain inet x input { type filter hook input priority 0; policy drop; }'",
              {}},
        Rules{"nft add table inet x; nft 'add chain inet x forward { type filter hook forward priority 0; }'; "
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

/// As its remedy says: with Docker in a chain of its own.
TEST_F(VethctlCheck, IsWellWhereAFirewallAcceptsThePacketsOfContainers) {
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

TEST_F(VethctlCheck, FindsFaultsOfConfigurationAndStore) {
  attach(dual_stack());
  const auto broken = std::string{conf_dir} + "/20-broken.conf";
  std::filesystem::create_directories(conf_dir);
  std::ofstream{broken} << R"({"cniVersion": "1.0.0", "name": "x", "type": "veth", "mtuu": 1400})";
  EXPECT_EQ(whats(), Texts{"code 2: /mtuu: unknown key with value 1400: did you mean \"mtu\"?"});
  std::filesystem::remove(broken);
  run({.argv = {
           "sh", "-c",
           "for f in /run/veth-cni/*/net/live/*; do echo >$f; done; ln -s x $(dirname $f)/../addresses/10.1.2.77"}});
  EXPECT_EQ(whats(), (Texts{"a record cannot be read", "an address is taken, and no record says by whom"}));
  EXPECT_EQ(vethctl({"repair"}).exit, 0);
  EXPECT_EQ(whats(), Texts{"an address is taken, and no record says by whom"});
  run({.argv = {"sh", "-c", "chmod go+w /run/veth-cni"}});
  EXPECT_TRUE(holds(whats(), "state folder \"/run/veth-cni\" can be written by others (mode 0722)"));
}

}  // namespace
