// Keys sysctl, txQLen, promisc and allmulti: what they set in the container, and what they cannot set.
#include "integration/support/call.hpp"
#include "integration/support/empty_etc.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

class Tuning : public testing::Test {
 protected:
  /// The value of a setting in the namespace, by its path below /proc/sys.
  static std::string setting(const Namespace& netns, const std::string& path) {
    return in(netns, [&] {
      std::ifstream file{"/proc/sys/" + path};
      std::string line;
      std::getline(file, line);
      return line;
    });
  }
  static json link(const Namespace& netns, const std::string& interface) {
    return ip(netns, {"-d", "link", "show", "dev", interface}).at(0);
  }
  json tuned(const json& keys) const {
    json config = base;
    config.update(keys);
    return config;
  }
  void expect_refused(const json& keys, int code, const std::string& text) {
    const auto refused = add(a, tuned(keys));
    EXPECT_EQ(code_of(refused), code) << refused;
    EXPECT_NE(refused.out.find(text), std::string::npos) << refused;
    EXPECT_TRUE(unchanged_since(before)) << keys;
  }

  Namespace host = Namespace::host();
  Snapshot before = Snapshot::take();
  Container a{"a"};
  json base = dual_stack();
};

TEST_F(Tuning, SetsTheConfiguredValuesOnlyInTheContainer) {
  const auto of_host = setting(host, "net/ipv4/tcp_fin_timeout");
  const json keys = {{"sysctl",
                      {{"net.ipv4.conf.IFNAME.arp_ignore", "1"},
                       {"net/ipv6/conf/IFNAME/accept_ra", 2},
                       {"net.ipv4.conf.IFNAME.arp_notify", "0"},
                       {"net.ipv4.tcp_fin_timeout", "777"},
                       {"net.ipv4.ip_local_port_range", "20000 20100"}}},
                     {"txQLen", 77},
                     {"promisc", true},
                     {"allmulti", true}};
  const auto added = add(a, tuned(keys));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(setting(a.netns, "net/ipv4/conf/eth0/arp_ignore"), "1");
  EXPECT_EQ(setting(a.netns, "net/ipv6/conf/eth0/accept_ra"), "2");
  EXPECT_EQ(setting(a.netns, "net/ipv4/conf/eth0/arp_notify"), "0")
      << "the key overrides the value that the plugin sets";
  EXPECT_EQ(setting(a.netns, "net/ipv4/tcp_fin_timeout"), "777");
  EXPECT_EQ(setting(a.netns, "net/ipv4/ip_local_port_range"), "20000\t20100");
  EXPECT_EQ(setting(host, "net/ipv4/tcp_fin_timeout"), of_host);
  const auto end = link(a.netns, "eth0");
  EXPECT_EQ(end.at("txqlen"), 77);
  EXPECT_EQ(end.at("promiscuity"), 1);
  EXPECT_EQ(end.at("allmulti"), 1);
  EXPECT_EQ(link(host, host_interface_of(added.result)).at("promiscuity"), 0);
  EXPECT_TRUE(ping(host, "10.1.2.2") && ping(host, "fd00:1:2::2"));
  EXPECT_EQ(check(a, tuned(keys), added.result).exit, 0);
  EXPECT_EQ(del(a, tuned(keys)).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Tuning, PrefersTheValuesOfArgs) {
  base["sysctl"] = {{"net.ipv4.tcp_fin_timeout", "777"}};
  base["args"] = {{"cni", {{"sysctl", {{"net.ipv4.tcp_fin_timeout", "888"}}}, {"txQLen", 0}, {"mtu", 1400}}}};
  const auto added = add(a, base);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(setting(a.netns, "net/ipv4/tcp_fin_timeout"), "888");
  EXPECT_EQ(link(a.netns, "eth0").value("txqlen", 0), 0);
  EXPECT_EQ(link(a.netns, "eth0").at("mtu"), 1400);
}

TEST_F(Tuning, AppliesToTheContainersEndInEveryMode) {
  const Namespace peer{"peer"};
  const json netns_mode = {{"mode", "netns"}, {"peer", {{"netns", peer.path()}, {"addresses", {"192.168.10.2/24"}}}}};
  for (const json& mode : {json{{"mode", "bridge"}}, netns_mode}) {
    json config = tuned(mode);
    config.update({{"sysctl", {{"net.ipv4.conf.IFNAME.arp_ignore", "1"}}}, {"txQLen", 77}});
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_EQ(setting(a.netns, "net/ipv4/conf/eth0/arp_ignore"), "1");
    EXPECT_EQ(link(a.netns, "eth0").at("txqlen"), 77);
    EXPECT_EQ(setting(peer, "net/ipv4/conf/eth0/arp_ignore"), mode == netns_mode ? "0" : "");
    const auto checked = check(a, config, added.result);
    EXPECT_EQ(checked.exit, 0) << checked;
    EXPECT_EQ(del(a, config, added.result).exit, 0);
  }
}

TEST_F(Tuning, IsComparedByCheck) {
  const json keys = {{"sysctl", {{"net.ipv4.tcp_fin_timeout", "777"}}}, {"txQLen", 77}, {"promisc", true}};
  const auto added = add(a, tuned(keys));
  ASSERT_EQ(added.exit, 0) << added;
  run_ip(a.netns, {"link", "set", "eth0", "promisc", "off", "txqueuelen", "5"});
  in(a.netns, [] { std::ofstream{"/proc/sys/net/ipv4/tcp_fin_timeout"} << "778"; });
  const auto checked = check(a, tuned(keys), added.result);
  EXPECT_EQ(code_of(checked), 104) << checked;
  for (const char* report : {"is not promiscuous", "has a queue of 5 packets, expected 77",
                             "sysctl net/ipv4/tcp_fin_timeout is \\\"778\\\", expected \\\"777\\\""}) {
    EXPECT_NE(checked.out.find(report), std::string::npos) << report << checked;
  }
}

TEST_F(Tuning, RefusesSettingsOutsideOfTheContainersNetwork) {
  for (const char* key : {"kernel.hostname", "net/../kernel/hostname", "net.ipv4.conf.../..", "/net/ipv4/ip_forward",
                          "net..ipv4", "net/ipv4/conf/../../../kernel/hostname"}) {
    expect_refused({{"sysctl", {{key, "1"}}}}, 7, "is not a sysctl below net.");
    expect_refused({{"args", {{"cni", {{"sysctl", {{key, "1"}}}}}}}}, 7, "is not a sysctl below net.");
  }
  for (const char* key : {"net.bridge.bridge-nf-call-iptables", "net.core.rmem_max", "net.netfilter.nf_log.2"}) {
    expect_refused({{"sysctl", {{key, "1"}}}}, 7, "is not allowed");
  }
}

TEST_F(Tuning, ReportsTheErrorOfTheKernelAndLeavesNothing) {
  expect_refused({{"sysctl", {{"net.ipv4.conf.IFNAME.arp_ignore", "x"}}}}, 100,
                 R"(set sysctl net/ipv4/conf/eth0/arp_ignore to \"x\": Invalid argument)");
  expect_refused({{"sysctl", {{"net.ipv4.tcp_none", "1"}}}}, 100,
                 "(the network namespace of the container has no such sysctl): No such file or directory");
  expect_refused({{"sysctl", {{"net.ipv4.tcp_allowed_congestion_control", "reno"}}}}, 100, "Permission denied");
  expect_refused({{"sysctl", {{"net.ipv6.conf.IFNAME.disable_ipv6", "1"}}}}, 7, "contradicts the IPv6 addresses");
}

TEST_F(Tuning, DisablesIpv6WhereTheContainerHasNoIpv6Address) {
  base = ipv4_only();
  const auto added = add(a, tuned({{"sysctl", {{"net.ipv6.conf.IFNAME.disable_ipv6", "1"}}}}));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(setting(a.netns, "net/ipv6/conf/eth0/disable_ipv6"), "1");
  EXPECT_TRUE(ping(host, "10.1.2.2"));
}

TEST_F(Tuning, FollowsTheAllowlistOfTheNode) {
  const EmptyEtc etc;
  std::filesystem::create_directories("/etc/cni/tuning");
  std::ofstream{"/etc/cni/tuning/allowlist.conf"} << "^net.bridge.\n^net.ipv4.conf.IFNAME.arp_accept$\n";
  expect_refused({{"sysctl", {{"net.ipv4.tcp_fin_timeout", "777"}}}}, 7,
                 "/etc/cni/tuning/allowlist.conf allows: ^net.bridge., ^net.ipv4.conf.IFNAME.arp_accept$");
  EXPECT_EQ(add(a, tuned({{"sysctl", {{"net.ipv4.conf.IFNAME.arp_accept", "1"}}}})).exit, 0);
  EXPECT_EQ(setting(a.netns, "net/ipv4/conf/eth0/arp_accept"), "1");
}

}  // namespace
