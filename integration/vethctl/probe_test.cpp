// vethctl probe: what it reports of paths that work and of broken ones, and that it leaves nothing behind.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/outside_host.hpp"
#include "integration/support/service.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/sysctl.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

struct Report {
  int exit = 0;
  json tests;

  /// The results of the tests in this direction, as "icmp ipv4: answered".
  std::vector<std::string> of(const std::string& from) const {
    std::vector<std::string> lines;
    for (const auto& test : tests) {
      if (test.at("from") != from) continue;
      lines.push_back(test.at("test").get<std::string>() + ' ' + test.at("family").get<std::string>() + ": " +
                      test.at("result").get<std::string>());
    }
    return lines;
  }

  /// The different causes of the losses, as "cause in namespace: object", with the number of tests.
  std::map<std::string, int> causes() const {
    std::map<std::string, int> counts;
    for (const auto& test : tests) {
      if (!test.contains("loss")) continue;
      const auto& loss = test.at("loss");
      const auto place = loss.at("cause").get<std::string>() + " in " + loss.at("namespace").get<std::string>();
      ++counts[place + ": " + loss.at("object").get<std::string>()];
    }
    return counts;
  }

  std::string result(const std::string& from, const std::string& test, const std::string& family) const {
    for (const auto& item : tests) {
      if (item.at("from") == from && item.at("test") == test && item.at("family") == family) {
        return item.at("result").get<std::string>();
      }
    }
    return "none";
  }
};

Report probe(std::vector<std::string> words) {
  const auto before = Snapshot::take();
  words.insert(words.begin(), "probe");
  words.insert(words.end(), {"--output", "json"});
  const auto outcome = vethctl(words);
  EXPECT_TRUE(unchanged_since(before)) << words.at(1);
  EXPECT_TRUE(json::accept(outcome.out)) << outcome.out << outcome.err;
  return {outcome.exit, json::parse(outcome.out).at("tests")};
}

std::string text(std::vector<std::string> words) {
  words.insert(words.begin(), "probe");
  return vethctl(words).out;
}

const std::vector<std::string> all_answered{"icmp ipv4: answered",     "tcp ipv4: answered",     "udp ipv4: answered",
                                            "path mtu ipv4: answered", "icmp ipv6: answered",    "tcp ipv6: answered",
                                            "udp ipv6: answered",      "path mtu ipv6: answered"};

json with_port(const std::string& mode) {
  auto config = in_mode(mode);
  config["ipMasq"] = true;
  config["runtimeConfig"]["portMappings"] = {{{"hostPort", 8080}, {"containerPort", 80}, {"protocol", "tcp"}}};
  return config;
}

class VethctlProbe : public testing::Test {
 protected:
  VethctlProbe() {
    EXPECT_EQ(added_a.exit, 0) << added_a;
    EXPECT_EQ(added_b.exit, 0) << added_b;
  }

  static void nft(const std::string& command) { ASSERT_EQ(run({.argv = {"nft", command}}).exit, 0) << command; }

  /// Adds a chain for forwarded packets with one rule.
  static void add_forward_rule(const std::string& rule) {
    nft("add table inet filter");
    nft("add chain inet filter forward { type filter hook forward priority 0; }");
    nft("add rule inet filter forward " + rule);
  }

  Namespace host = Namespace::host();
  Container a{"a"};
  Container b{"b"};
  Answer added_a = add(a, with_port("ptp"));
  Answer added_b = add(b, in_mode("ptp"));
};

class VethctlProbeMode : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, VethctlProbeMode, testing::Values("ptp", "bridge"));

TEST_P(VethctlProbeMode, ReportsThatEverythingArrives) {
  const Container a{"a"};
  const Container b{"b"};
  ASSERT_EQ(add(a, in_mode(GetParam())).exit, 0);
  ASSERT_EQ(add(b, in_mode(GetParam())).exit, 0);
  for (const auto* other : {"b", "host"}) {
    const auto report = probe({"a", other});
    EXPECT_EQ(report.exit, 0) << report.tests;
    EXPECT_EQ(report.of("a"), all_answered) << other;
    EXPECT_EQ(report.of(other), all_answered) << other;
  }
}

TEST(VethctlProbeCable, ReportsThatEverythingArrives) {
  const Namespace red{"red"};
  const Namespace blue{"blue"};
  ASSERT_EQ(vethctl({"connect", "red", "blue", "--address", "10.9.0.1/24", "--peer-address", "10.9.0.2/24"}).exit, 0);
  const auto report = probe({"red", "blue"});
  EXPECT_EQ(report.exit, 0) << report.tests;
  const std::vector<std::string> answered{all_answered.begin(), all_answered.begin() + 4};
  EXPECT_EQ(report.of("red"), answered);
  EXPECT_EQ(report.of("blue"), answered);
  EXPECT_EQ(vethctl({"disconnect", "red"}).exit, 0);
}

TEST_F(VethctlProbe, SendsSeveralPackets) {
  const auto report = probe({"a", "b", "--count", "3"});
  EXPECT_EQ(report.exit, 0);
  EXPECT_EQ(report.tests.at(0).at("sent"), 3);
  EXPECT_EQ(report.tests.at(0).at("answered"), 3);
  EXPECT_EQ(report.tests.at(3).at("mtu"), 1500);
}

TEST_F(VethctlProbe, LeavesNothingInTheNamespaces) {
  const auto before = Snapshot::of_namespace_full(b.netns);
  nft("add table inet filter");
  probe({"a", "b"});
  set_sysctl(host, "ipv4/ip_forward", "0");
  EXPECT_EQ(probe({"a", "b"}).exit, 1);
  auto after = Snapshot::of_namespace_full(b.netns);
  EXPECT_EQ(difference(before, after), "");
  for (const auto* words : {"-4", "-6"}) {
    EXPECT_EQ(run({.argv = {"ss", "-Htuawn", words}, .inside = &b.netns}).out, "");
  }
}

TEST_F(VethctlProbe, DistinguishesARefusedFromAnAcceptedConnection) {
  auto report = probe({"b", "a", "--port", "80"});
  EXPECT_EQ(report.exit, 0) << report.tests;
  EXPECT_EQ(report.result("b", "tcp", "ipv4"), "refused");
  EXPECT_EQ(report.result("b", "udp", "ipv6"), "refused");
  EXPECT_NE(text({"b", "a", "--port", "80"}).find("arrives: nothing listens on port 80"), std::string::npos);
  const Service service{a.netns, 80};
  report = probe({"b", "a", "--port", "80"});
  EXPECT_EQ(report.result("b", "tcp", "ipv4"), "answered");
  EXPECT_EQ(report.result("b", "tcp", "ipv6"), "answered");
}

TEST_F(VethctlProbe, ReportsADatagramThatArrivesAtASilentProgram) {
  const auto silent = socket_in(a.netns, AF_INET, SOCK_DGRAM, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_port = htons(53);
  ASSERT_EQ(::bind(silent.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  const auto report = probe({"b", "a", "--port", "53"});
  EXPECT_EQ(report.exit, 0) << report.tests;
  EXPECT_EQ(report.result("b", "udp", "ipv4"), "arrived");
}

TEST_F(VethctlProbe, ReachesAMappedPort) {
  const Service service{a.netns, 80};
  for (const auto* from : {"host", "b"}) {
    const auto report = probe({from, "host:8080"});
    EXPECT_EQ(report.exit, 0) << from << report.tests;
    EXPECT_EQ(report.result(from, "tcp", "ipv4"), "answered") << from;
  }
}

TEST_F(VethctlProbe, NamesTheInterfaceThatIsDown) {
  const auto host_end = host_interface_of(added_a.result);
  run_ip(host, {"link", "set", host_end, "down"});
  auto report = probe({"a", "b"});
  EXPECT_EQ(report.exit, 1);
  EXPECT_EQ(report.causes(), (std::map<std::string, int>{{"interface_down in host: " + host_end, 12}}));
  run_ip(host, {"link", "set", host_end, "up"});
  run_ip(a.netns, {"link", "set", "eth0", "down"});
  report = probe({"a", "b"});
  EXPECT_EQ(report.exit, 1);
  EXPECT_EQ(report.causes(), (std::map<std::string, int>{{"interface_down in a: eth0", 12}}));
  EXPECT_NE(text({"a", "b"}).find("to do: ip netns exec a ip link set eth0 up"), std::string::npos);
}

TEST_F(VethctlProbe, NamesTheForwardingThatIsOff) {
  set_sysctl(host, "ipv4/ip_forward", "0");
  const auto report = probe({"a", "b"});
  EXPECT_EQ(report.exit, 1);
  EXPECT_EQ(report.causes(), (std::map<std::string, int>{{"forwarding_off in host: net.ipv4.ip_forward", 6}}));
  EXPECT_EQ(report.result("a", "path mtu", "ipv6"), "answered");
  EXPECT_EQ(report.result("a", "path mtu", "ipv4"), "none");
}

TEST_F(VethctlProbe, NamesTheRuleThatDrops) {
  add_forward_rule("ip daddr " + address_of(added_b.result, 4) + " counter drop");
  const auto report = probe({"a", "b"});
  EXPECT_EQ(report.exit, 1);
  EXPECT_EQ(report.causes(), (std::map<std::string, int>{{"dropped_by_rule in host: ", 6}})) << report.tests;
  const auto printed = text({"a", "b"});
  EXPECT_NE(printed.find("the rule with handle 2 of chain \"forward\" of table inet \"filter\" drops it, in host"),
            std::string::npos)
      << printed;
  EXPECT_NE(printed.find("to do: nft -a list chain inet filter forward"), std::string::npos) << printed;
  EXPECT_NE(printed.find("where: the answer was seen last in host: " + host_interface_of(added_a.result)),
            std::string::npos)
      << printed;
}

TEST_F(VethctlProbe, NamesTheRuleOfTheContainer) {
  const std::string rules =
      "table inet t {\nchain input {\ntype filter hook input priority 0; policy drop;\n"
      "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n}\n}\n";
  ASSERT_EQ(run({.argv = {"nft", "-f", "-"}, .input = rules, .inside = &b.netns}).exit, 0);
  const auto printed = text({"a", "b"});
  EXPECT_NE(printed.find("cause: the policy of chain \"input\" of table inet \"t\" drops it, in b"), std::string::npos)
      << printed;
  EXPECT_NE(printed.find("to do: ip netns exec b nft -a list chain inet t input"), std::string::npos) << printed;
}

TEST_F(VethctlProbe, DistinguishesProtocols) {
  add_forward_rule("meta l4proto icmp drop");
  const auto report = probe({"a", "b"});
  EXPECT_EQ(report.exit, 1);
  EXPECT_EQ(report.result("a", "icmp", "ipv4"), "lost");
  EXPECT_EQ(report.result("a", "tcp", "ipv4"), "answered");
  EXPECT_EQ(report.result("a", "icmp", "ipv6"), "answered");
}

TEST_F(VethctlProbe, TakesARejectedConnectionForALoss) {
  add_forward_rule("tcp dport 80 reject with tcp reset");
  const auto report = probe({"a", "b", "--port", "80"});
  EXPECT_EQ(report.exit, 1);
  EXPECT_EQ(report.result("a", "tcp", "ipv4"), "lost");
  EXPECT_EQ(report.result("a", "udp", "ipv4"), "refused");
  EXPECT_EQ(report.causes(), (std::map<std::string, int>{{"dropped_by_rule in host: ", 2}})) << report.tests;
}

TEST_F(VethctlProbe, MeasuresAPathMtuThatIsReported) {
  run_ip(host, {"link", "set", host_interface_of(added_b.result), "mtu", "1400"});
  const auto report = probe({"host", "b"});
  for (const auto& test : report.tests) {
    const bool is_measured = test.at("test") == "path mtu" && test.at("from") == "host";
    if (is_measured) {
      EXPECT_EQ(test.at("mtu"), 1400) << test;
    }
  }
}

/// The host end drops what is larger than its MTU and a VLAN header (is_skb_forwardable() in net/core/dev.c).
TEST_F(VethctlProbe, NamesABlackHole) {
  const auto host_end = host_interface_of(added_b.result);
  run_ip(host, {"link", "set", host_end, "mtu", "1400"});
  const auto report = probe({"b", "a"});
  EXPECT_EQ(report.exit, 1);
  EXPECT_EQ(report.result("b", "path mtu", "ipv4"), "lost");
  EXPECT_EQ(report.result("a", "path mtu", "ipv4"), "answered");
  EXPECT_EQ(report.causes(), (std::map<std::string, int>{{"mtu_black_hole in host: " + host_end, 2}}));
  EXPECT_NE(text({"b", "a"}).find("LOST above 1404 bytes"), std::string::npos);
}

TEST_F(VethctlProbe, NamesAMissingAddressAndAMissingRoute) {
  run_ip(b.netns, {"address", "delete", address_of(added_b.result, 4) + "/24", "dev", "eth0"});
  run_ip(a.netns, {"-6", "route", "flush", "table", "main"});
  const auto report = probe({"a", "b"});
  EXPECT_EQ(report.exit, 1);
  const auto causes = report.causes();
  EXPECT_TRUE(causes.contains("no_address in b: " + address_of(added_b.result, 4))) << report.tests;
  EXPECT_TRUE(causes.contains("no_route in a: " + address_of(added_b.result, 6))) << report.tests;
}

TEST_F(VethctlProbe, NamesTheMissingRouteIfARouteDropsPackets) {
  const auto address = address_of(added_b.result, 4);
  run_ip(host, {"route", "replace", "blackhole", address + "/32"});
  const auto report = probe({"a", "b"});
  EXPECT_EQ(report.exit, 1);
  EXPECT_TRUE(report.causes().contains("no_route in host: " + address)) << report.tests;
  run_ip(host, {"route", "delete", "blackhole", address + "/32"});
}

TEST_F(VethctlProbe, ReportsTheInterfaceThroughWhichAPacketLeavesTheNode) {
  const OutsideHost outside;
  auto report = probe({"b", OutsideHost::address(4)});
  EXPECT_EQ(report.exit, 1);
  EXPECT_EQ(report.causes().size(), 1U) << report.tests;
  EXPECT_TRUE(report.causes().begin()->first.starts_with("left_node in host: ")) << report.tests;
  report = probe({"a", OutsideHost::address(4)});
  EXPECT_EQ(report.exit, 0) << report.tests;
  EXPECT_EQ(report.of("a"), (std::vector<std::string>{"icmp ipv4: answered", "path mtu ipv4: answered"}));
}

TEST_F(VethctlProbe, NamesTheFamilyThatOneEndDoesNotHave) {
  const Container c{"c"};
  auto config = ipv4_only();
  config["name"] = "four";
  config["ipam"] = veth_ipam({"10.7.0.0/24"});
  ASSERT_EQ(add(c, config).exit, 0);
  const auto outcome = vethctl({"probe", "a", "c"});
  EXPECT_EQ(outcome.exit, 0) << outcome.out;
  EXPECT_NE(outcome.out.find("not tested: ipv6, c has no address of it"), std::string::npos) << outcome.out;
}

TEST_F(VethctlProbe, ReportsANamespaceThatDoesNotExist) {
  b.netns.remove();
  const auto outcome = vethctl({"probe", "a", "b"});
  EXPECT_EQ(outcome.exit, 1);
  EXPECT_NE(outcome.err.find("probe \"b\": open network namespace \"/run/netns/b\": it does not exist"),
            std::string::npos)
      << outcome.err;
  EXPECT_NE(outcome.err.find("vethctl check"), std::string::npos) << outcome.err;
}

/// The tables belong to a socket of the process: the kernel deletes them when it is killed.
TEST_F(VethctlProbe, LeavesNothingWhenItIsKilled) {
  set_sysctl(host, "ipv4/ip_forward", "0");
  const auto before = Snapshot::take();
  const std::string command =
      executables() + "/vethctl probe a b --timeout 2000 & sleep 3; nft list tables; kill -9 $!";
  const auto outcome = run({.argv = {"sh", "-c", command}});
  EXPECT_NE(outcome.out.find("table inet veth_probe_"), std::string::npos) << outcome.out;
  for (int i = 0; i < 50 && !unchanged_since(before); ++i) run({.argv = {"sleep", "0.02"}});
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
