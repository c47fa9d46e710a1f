// veth-node check and vethctl check: nodes are network namespaces on a bridge, with tunnels between them.
#include "integration/cluster/support/agent_node.hpp"
#include "integration/cluster/support/cluster_of_nodes.hpp"
#include "integration/support/call.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/slowness.hpp"
#include "plugin/cluster/entries.hpp"
#include "plugin/etcd/etcd_store.hpp"
#include "plugin/kernel/echo_sweep.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace cluster_support;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class NodeCheck : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = StoreServer::why_missing(); !reason.empty()) GTEST_SKIP() << reason;
    make_underlay();
    server.emplace();
    start(a, 1);
    start(b, 2);
    ASSERT_TRUE(becomes_true([&] { return a->has_routes_to(*b) && b->has_routes_to(*a); })) << a->log() << b->log();
    ASSERT_TRUE(becomes_true([&] { return !a->conflist().empty(); })) << a->log();
  }

  static void start(std::optional<AgentNode>& node, int number) {
    node.emplace(number);
    node->client.config["routing"] = "tunnel";
    node->client.config["encapsulation"] = "gpe";
    node->client.write_config();
    node->start();
  }

  /// The output of `check` in node a; its status must be 1 if it reports anything but notes.
  std::string check(int status) const {
    const auto outcome = a->run("check", {"--all"});
    EXPECT_EQ(outcome.exit, status) << outcome.out << outcome.err;
    return outcome.out;
  }

  static std::string first_block(const AgentNode& node) { return *node.client.blocks().begin(); }

  /// Only the underlay: what the test changes is not what it wants to test.
  static void ip(const AgentNode& node, std::vector<std::string> words) {
    words.insert(words.begin(), {"ip", "-n", node.client.name()});
    const auto outcome = support::run({.argv = words});
    EXPECT_EQ(outcome.exit, 0) << outcome.err;
  }

  static void nft(const AgentNode& node, const std::string& commands) {
    const auto outcome = support::run({.argv = {"nft", "-f", "-"}, .input = commands, .inside = &node.netns()});
    EXPECT_EQ(outcome.exit, 0) << outcome.err;
  }

  std::optional<StoreServer> server;
  std::optional<AgentNode> a;
  std::optional<AgentNode> b;
};

TEST_F(NodeCheck, ReportsNoProblems) { EXPECT_EQ(check(0), "no problems: 2 nodes checked\n"); }

TEST_F(NodeCheck, ReportsANodeThatIsDown) {
  ip(*b, {"link", "set", "eth0", "down"});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(check(1), AllOf(HasSubstr("fault: nodes do not answer echo requests: they are down, or a firewall"),
                              HasSubstr("where: node2 at 192.0.2.2"), HasSubstr("\n1 fault: 2 nodes checked\n")));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5} * support::slowness());
}

TEST_F(NodeCheck, ReportsADroppedPortOfTheTunnel) {
  nft(*b, "table inet cut { chain input { type filter hook input priority -300; udp dport 4790 drop; }; }");
  EXPECT_THAT(check(1), AllOf(HasSubstr("not through the tunnel: UDP port 4790 is dropped"),
                              HasSubstr("where: node2 at 10.128."), HasSubstr("\n1 fault: 2 nodes checked\n")));
}

TEST_F(NodeCheck, AcceptsANodeWhoseFirewallDropsEchoRequestsOfTheUnderlay) {
  nft(*b,
      "table inet cut { chain input { type filter hook input priority -300; iif eth0 icmp type echo-request drop; }; "
      "}");
  EXPECT_EQ(check(0), "no problems: 2 nodes checked\n");
}

/// A bridge forwards 4 bytes more than the MTU of the port: room for a VLAN tag.
TEST_F(NodeCheck, ReportsTheMtuOfThePath) {
  support::run({.argv = {"ip", "link", "set", "w2", "mtu", "1400"}});
  EXPECT_THAT(check(1),
              AllOf(HasSubstr("packets of more than 1368 bytes to nodes are lost, but containers send 1464"),
                    HasSubstr("set the MTU of the path to 1500, or that of the interfaces of all nodes to 1404"),
                    HasSubstr("\"mtu\": 1368"), HasSubstr("\n1 fault: 2 nodes checked\n")));
}

TEST_F(NodeCheck, ReportsThatTheAgentDoesNotRun) {
  a->kill(SIGKILL);
  EXPECT_THAT(check(1),
              AllOf(HasSubstr("warning: `veth-node run` does not run"), HasSubstr("\n1 warning: 2 nodes checked\n")));
  ip(*a, {"link", "set", "veth-node0", "down"});
  EXPECT_THAT(check(1), AllOf(HasSubstr("fault: `veth-node run` does not run"),
                              HasSubstr("consequence: tunnel device \"veth-node0\" is down"),
                              HasSubstr("\n1 fault: 2 nodes checked\n")));
  ip(*a, {"link", "del", "veth-node0"});
  std::filesystem::remove(a->client.folder() + "/10.conflist");
  EXPECT_THAT(check(1), AllOf(HasSubstr("consequence: tunnel device \"veth-node0\" is missing"),
                              HasSubstr("consequence: the network configuration for runtimes is missing"),
                              Not(HasSubstr("not through the tunnel"))));
}

TEST_F(NodeCheck, NamesTheNodesWithoutRoutes) {
  a->kill(SIGKILL);
  a->ip_output({"nexthop", "flush", "proto", "87"});
  const auto text = check(1);
  EXPECT_THAT(text, AllOf(HasSubstr("consequence: routes to the containers of nodes are missing or wrong\n"
                                    "        where: node2\n"),
                          Not(HasSubstr("not through the tunnel"))));
}

TEST_F(NodeCheck, ReportsAStoreThatDoesNotAnswerAndTestsTheLastNodes) {
  ASSERT_TRUE(becomes_true([&] { return std::filesystem::exists(a->client.folder() + "/run/snapshot.json"); }));
  server->kill();
  ip(*b, {"link", "set", "eth0", "down"});
  EXPECT_THAT(check(1), AllOf(HasSubstr("fault: the store does not answer: cannot connect to"),
                              HasSubstr("where: node2 at 192.0.2.2"), HasSubstr("\n2 faults: 2 nodes checked\n")));
}

TEST_F(NodeCheck, ReportsAForgottenNodeAndItsBlocks) {
  a->kill(SIGKILL);
  ASSERT_EQ(b->run("forget", {"node1"}).exit, 0);
  EXPECT_THAT(check(1), AllOf(HasSubstr("the store has no entry of this node"),
                              HasSubstr("blocks of this node have no owner in the store"),
                              HasSubstr("where: default/" + first_block(*a))));
}

TEST_F(NodeCheck, ReportsAnotherMachineAndAnotherPool) {
  a->kill(SIGKILL);
  support::write_text(a->client.folder() + "/machine-id", std::string(32, 'b') + '\n');
  a->client.config["pools"]["default"]["cidrs"] = {"10.64.0.0/18"};
  a->client.write_config();
  EXPECT_THAT(check(1), AllOf(HasSubstr("another machine has the node name \"node1\" in the store"),
                              HasSubstr("pool \"default\" is {"),
                              HasSubstr("belongs to another machine with the name of this node in the store")));
}

TEST_F(NodeCheck, ReportsAnUnusableConfiguration) {
  ::chmod(a->client.config_file().c_str(), 0644);
  EXPECT_THAT(check(1), AllOf(HasSubstr("other users can read or change it"),
                              HasSubstr("where: " + a->client.config_file()), HasSubstr("to do: run: chown root")));
}

/// A block that the store gives to another node, as after a restore of an old backup.
class NodeCheckOfQuarantine : public NodeCheck {
 protected:
  void SetUp() override {
    NodeCheck::SetUp();
    if (!IsSkipped() && server->url().starts_with("https")) GTEST_SKIP() << "the test changes entries of etcd";
  }

  /// A container with an address of the pool.
  support::Answer add_container(const support::Namespace& netns) const {
    const json config{{"cniVersion", "1.1.0"},
                      {"name", "pods"},
                      {"type", "veth"},
                      {"ipam", {{"type", "veth-ipam"}, {"pool", "default"}}}};
    return support::in(a->netns(), [&] {
      return support::call({.command = "ADD",
                            .container = "c1",
                            .netns = netns.path(),
                            .config = config,
                            .wrapper = {"unshare", "--mount", "sh", "-c",
                                        "mount --bind " + a->client.folder() + "/lib /var/lib && exec \"$@\"", "sh"}});
    });
  }

  static void give_to_other_node(const std::string& block) {
    etcd::Settings settings;
    settings.servers.endpoints = {http::read_endpoint("http://192.0.2.254:2379")};
    etcd::EtcdStore store{settings};
    auto item = store.find("blocks/default/" + block).value();
    item.value = to_json(cluster::Owner{.node = "node2", .machine = std::string(31, 'a') + '2'});
    EXPECT_TRUE(store.replace(item));
  }
};

TEST_F(NodeCheckOfQuarantine, NamesTheContainersOfTheBlock) {
  const support::Namespace netns{"c1"};
  const auto answer = add_container(netns);
  ASSERT_EQ(answer.exit, 0) << answer;
  const auto block = first_block(*a);
  give_to_other_node(block);
  ASSERT_TRUE(becomes_true([&] { return a->client.blocks().contains(block + ".hidden"); })) << a->log();
  EXPECT_THAT(check(1), AllOf(HasSubstr("block default/" + block +
                                        " belongs to node node2 in the store and is in "
                                        "quarantine"),
                              HasSubstr("where: pods/c1/eth0")));
}

/// vethctl runs veth-node, which lies beside it.
class CheckOfVethctl : public NodeCheck {
 protected:
  Outcome vethctl(const std::string& folder, std::vector<std::string> words) const {
    words.insert(words.begin(), {"unshare", "--mount", "sh", "-c",
                                 "mount --bind " + a->client.folder() + "/lib /var/lib && mount --bind " +
                                     a->client.folder() + "/run /run/veth-node && mkdir -p /run/etc/veth-cni && cp " +
                                     a->client.config_file() + " /run/etc/veth-cni/node.json && mount -t overlay " +
                                     "overlay -o lowerdir=/run/etc:/etc /etc && exec \"$@\"",
                                 "sh", folder + "/vethctl"});
    return support::run({.argv = words, .inside = &a->netns()});
  }
};

TEST_F(CheckOfVethctl, IncludesTheFindingsOfVethNode) {
  ip(*b, {"link", "set", "eth0", "down"});
  const auto text = vethctl(support::executables(), {"check", "--conf-dir", a->client.folder()});
  EXPECT_EQ(text.exit, 1);
  EXPECT_THAT(text.out, AllOf(HasSubstr("fault: nodes do not answer echo requests"),
                              HasSubstr("where: node2 at 192.0.2.2"), HasSubstr("attachments checked")))
      << text.err;
  const auto outcome = vethctl(support::executables(), {"check", "--conf-dir", a->client.folder(), "-o", "json"});
  const auto found = json::parse(outcome.out);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0]["severity"], "fault");
  EXPECT_EQ(found[0]["where"], (json{"node2 at 192.0.2.2"}));
}

TEST_F(CheckOfVethctl, WarnsIfVethNodeIsMissing) {
  std::filesystem::create_directories("/run/alone");
  std::filesystem::copy_file(support::executables() + "/vethctl", "/run/alone/vethctl");
  const auto outcome = vethctl("/run/alone", {"check", "--conf-dir", a->client.folder()});
  EXPECT_EQ(outcome.exit, 1);
  EXPECT_THAT(outcome.out, HasSubstr("warning: this node belongs to a cluster, but veth-node is not installed"));
}

/// All of 127.0.0.0/8 answers.
TEST(EchoSweep, OfFiveThousandHostsTakesLessThanASecond) {
  support::run({.argv = {"ip", "link", "set", "lo", "up"}});
  std::vector<kernel::EchoRequest> requests;
  const auto first = *cni::find_address("127.1.0.1");
  for (unsigned i = 0; i < 5000; ++i) {
    requests.push_back({.destination = {.family = first.family, .bits = first.bits + i}});
  }
  requests.push_back({.destination = *cni::find_address("::1")});
  const auto begin = std::chrono::steady_clock::now();
  const auto answers = kernel::exchange_echoes(requests);
  const auto count = std::count_if(answers.begin(), answers.end(), [](const kernel::ProbeAnswer& answer) {
    return answer.kind == kernel::ProbeAnswer::Kind::answered;
  });
  EXPECT_EQ(count, 5001);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{1} * support::slowness());
}

TEST(EchoSweep, ReportsWhatTheKernelRefusesAndWhatDoesNotFit) {
  support::run({.argv = {"ip", "link", "set", "lo", "up", "mtu", "1400"}});
  const std::vector<kernel::EchoRequest> requests{{.destination = *cni::find_address("127.0.0.1"), .ip_bytes = 1400},
                                                  {.destination = *cni::find_address("127.0.0.2"), .ip_bytes = 1401},
                                                  {.destination = *cni::find_address("::1"), .ip_bytes = 1401},
                                                  {.destination = *cni::find_address("192.0.2.9")}};
  const auto answers = kernel::exchange_echoes(requests, {.may_fragment = false});
  using Kind = kernel::ProbeAnswer::Kind;
  EXPECT_EQ(answers[0].kind, Kind::answered);
  EXPECT_EQ(answers[1].kind, Kind::too_big);
  EXPECT_EQ(answers[1].mtu, 1400U);
  EXPECT_EQ(answers[2].kind, Kind::too_big);
  EXPECT_EQ(answers[2].mtu, 1400U);
  EXPECT_EQ(answers[3].kind, Kind::not_sent);
  EXPECT_EQ(answers[3].error, ENETUNREACH);
}

/// Requests to hosts that are down wait for neighbour entries, and must not take the room of others.
TEST(EchoSweep, ReachesAHostAfterManyThatAreDown) {
  const support::Namespace other{"other"};
  connect({support::Namespace::host(), "eth1", other, "eth1"});
  run_ip_lines(support::Namespace::host(), {"address add 198.18.0.1/16 dev eth1"});
  run_ip_lines(other, {"address add 198.18.9.9/16 dev eth1"});
  std::vector<kernel::EchoRequest> requests;
  const auto first = *cni::find_address("198.18.1.1");
  for (unsigned i = 0; i < 700; ++i)
    requests.push_back({.destination = {.family = first.family, .bits = first.bits + i}});
  requests.push_back({.destination = *cni::find_address("198.18.9.9")});
  const auto answers = kernel::exchange_echoes(requests);
  EXPECT_EQ(answers.back().kind, kernel::ProbeAnswer::Kind::answered);
  EXPECT_EQ(answers.front().kind, kernel::ProbeAnswer::Kind::lost);
}

}  // namespace
