#include "plugin/node/plan.hpp"
#include "plugin/veth_node/diagnosis/diagnose.hpp"
#include "plugin/veth_node/diagnosis/reachability.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>
#include <functional>

namespace {

using diagnosis::BlockFile;
using diagnosis::Examination;
using inspect::Finding;
using inspect::Severity;
using kernel::ProbeAnswer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

cni::Prefix prefix(const char* text) { return *cni::find_prefix(text); }
cni::IpAddress address(const char* text) { return *cni::find_address(text); }

/// Node "a" of the cluster a, b, c with one block each, reached through VXLAN-GPE.
Examination healthy() {
  Examination made{.machine = "ma"};
  made.config.node = "a";
  auto& directory = made.store.directory;
  directory.nodes["a"] = {.addresses = {address("192.0.2.1")}, .machine = "ma"};
  directory.nodes["b"] = {.addresses = {address("192.0.2.2")}, .machine = "mb"};
  directory.nodes["c"] = {.addresses = {address("192.0.2.3")}, .machine = "mc"};
  directory.pools["default"] = {.prefixes = {prefix("10.128.0.0/18")}, .block_bits = 6};
  made.config.pools = directory.pools;
  std::uint32_t index = 0;
  for (const char* name : {"a", "b", "c"}) {
    directory.blocks[{"default", index}] = name;
    made.store.owners[{"default", index++}] = {.node = name, .machine = std::string{"m"} + name};
  }
  made.kernel.underlay_mtu = 1500;
  made.kernel.wanted = node::plan(directory, "a", {}, {.routing = node::Routing::tunnel});
  made.kernel.observed = made.kernel.wanted;
  made.blocks = {{.block = {"default", 0}, .prefixes = {{prefix("10.128.0.0/26")}}}};
  return made;
}

std::vector<std::string> texts(const std::vector<Finding>& findings) {
  std::vector<std::string> all;
  for (const auto& finding : findings) {
    auto text = std::string{to_string(finding.severity)} + ": " + finding.what + " [";
    for (const auto& where : finding.where) text += where + ';';
    all.push_back(text + ']');
  }
  return all;
}

/// A network in which each packet is answered, unless `loses` returns another kind.
struct FakeNetwork {
  std::function<ProbeAnswer(const kernel::EchoRequest&)> answer = [](const auto&) {
    return ProbeAnswer{.kind = ProbeAnswer::Kind::answered};
  };
  std::size_t exchanges = 0;
  std::size_t sent = 0;

  void test(Examination& examination) {
    const auto exchange = [&](std::span<const kernel::EchoRequest> requests, const kernel::EchoOptions&) {
      ++exchanges;
      sent += requests.size();
      std::vector<ProbeAnswer> answers;
      for (const auto& request : requests) answers.push_back(answer(request));
      return answers;
    };
    examination.paths = test_paths(paths_to_nodes(examination), examination.kernel, exchange);
  }

  /// Loses packets to these addresses.
  void lose(std::vector<cni::IpAddress> addresses) {
    answer = [addresses](const kernel::EchoRequest& request) {
      const bool is_lost = std::ranges::find(addresses, request.destination) != addresses.end();
      return ProbeAnswer{.kind = is_lost ? ProbeAnswer::Kind::lost : ProbeAnswer::Kind::answered};
    };
  }
};

TEST(NodeDiagnosis, OfAHealthyNodeIsEmpty) {
  auto node = healthy();
  FakeNetwork network;
  network.test(node);
  EXPECT_THAT(node.paths, SizeIs(4));
  EXPECT_EQ(network.exchanges, 2U);
  EXPECT_THAT(texts(diagnose(node)), IsEmpty());
}

TEST(NodeDiagnosis, ReportsTheAnswerOfTheStore) {
  auto node = healthy();
  node.store.failure = cni::Error{cni::ErrorCode::try_again_later, "the store does not answer", "start etcd"};
  node.store.owners.clear();
  const auto findings = diagnose(node);
  EXPECT_THAT(texts(findings), ElementsAre("fault: the store does not answer []"));
  EXPECT_THAT(findings.front().remedy, HasSubstr("start etcd. Until then routes, blocks and addresses"));
}

TEST(NodeDiagnosis, ReportsTheEntryOfThisNode) {
  auto node = healthy();
  node.store.directory.nodes["a"].machine = "other";
  EXPECT_THAT(texts(diagnose(node)),
              ElementsAre("fault: another machine has the node name \"a\" in the store: machine ID \"other\", that of "
                          "this machine is \"ma\" []"));
  node.store.directory.nodes.erase("a");
  EXPECT_THAT(texts(diagnose(node)).front(), HasSubstr("the store has no entry of this node"));
}

TEST(NodeDiagnosis, ReportsPools) {
  auto node = healthy();
  node.config.pools["default"].block_bits = 8;
  node.config.pools["second"] = {.prefixes = {prefix("10.200.0.0/18")}};
  EXPECT_THAT(texts(diagnose(node)),
              ElementsAre(HasSubstr("fault: pool \"default\" is {\"cidrs\":[\"10.128.0.0/18\"],\"blockBits\":6} in"),
                          "warning: the store does not have pool \"second\" of the configuration [pools/second;]"));
}

TEST(NodeDiagnosis, ReportsEntriesThatCannotBeUsed) {
  auto node = healthy();
  node.store.unreadable = {"nodes/x: not JSON"};
  node.store.directory.nodes["c"].pod_networks = {prefix("10.128.0.64/26")};
  node.kernel = {};
  EXPECT_THAT(texts(diagnose(node)),
              ElementsAre(HasSubstr("fault: networks of containers have no route [node \"c\": network 10.128.0.64/26"),
                          "warning: entries of the store cannot be read, and are ignored [nodes/x: not JSON;]"));
}

TEST(NodeDiagnosis, NamesNodesWithoutRoutes) {
  auto node = healthy();
  node.kernel.observed.routes.erase(prefix("10.128.0.64/26"));
  EXPECT_THAT(texts(diagnose(node)), ElementsAre("fault: routes to the containers of nodes are missing or wrong [b;]"));
  node = healthy();
  for (auto& [id, hop] : node.kernel.observed.next_hops) hop.tunnel->remote = address("192.0.2.9");
  EXPECT_THAT(texts(diagnose(node)),
              ElementsAre("fault: routes to the containers of nodes are missing or wrong [b;c;]"));
}

TEST(NodeDiagnosis, ReportsTheTunnelDevice) {
  auto node = healthy();
  node.kernel.observed.tunnels.begin()->second.is_up = false;
  EXPECT_THAT(texts(diagnose(node)), ElementsAre("fault: tunnel device \"veth-node0\" is down []"));
  node.kernel.observed.tunnels.begin()->second = node.kernel.wanted.tunnels.begin()->second;
  node.kernel.observed.tunnels.begin()->second.mtu = 9000;
  EXPECT_THAT(texts(diagnose(node)),
              ElementsAre("fault: tunnel device \"veth-node0\" has other settings than the store wants []"));
  node.kernel.observed = {};
  const auto findings = diagnose(node);
  EXPECT_THAT(texts(findings), ElementsAre("fault: tunnel device \"veth-node0\" is missing []"));
  EXPECT_THAT(texts(findings.front().consequences), testing::Contains(HasSubstr("missing or wrong [b;c;]")));
}

TEST(NodeDiagnosis, ReportsWhatTheStoreDoesNotWant) {
  auto node = healthy();
  node.kernel.observed.routes[prefix("10.9.0.0/24")] = {};
  EXPECT_THAT(texts(diagnose(node)),
              ElementsAre("warning: the kernel has parts of the network between nodes that the store does not want "
                          "[route 10.9.0.0/24 nhid 0x00000000;]"));
}

TEST(NodeDiagnosis, MakesEverythingAConsequenceOfAnAgentThatDoesNotRun) {
  auto node = healthy();
  node.is_running = false;
  EXPECT_THAT(texts(diagnose(node)), ElementsAre(HasSubstr("warning: `veth-node run` does not run")));
  node.has_network_file = false;
  node.config.network.emplace();
  const auto findings = diagnose(node);
  EXPECT_THAT(texts(findings), ElementsAre(HasSubstr("fault: `veth-node run` does not run")));
  EXPECT_THAT(texts(findings.front().consequences),
              ElementsAre("fault: the network configuration for runtimes is missing: no container can be started "
                          "[/etc/cni/net.d/10-veth.conflist;]"));
}

TEST(NodeReachability, DistinguishesANodeThatIsDownFromATunnelThatIsCut) {
  auto node = healthy();
  FakeNetwork network;
  network.lose({address("192.0.2.2"), address("10.128.0.64"), address("10.128.0.128")});
  network.test(node);
  EXPECT_THAT(texts(diagnose(node)),
              ElementsAre("fault: nodes do not answer echo requests: they are down, or a firewall drops the packets "
                          "[b at 192.0.2.2;]",
                          "fault: nodes answer at their own addresses, but not through the tunnel: UDP port 4790 is "
                          "dropped between the nodes, or `veth-node run` does not run there [c at 10.128.0.128;]"));
}

TEST(NodeReachability, AcceptsANodeThatAnswersOnlyInTheTunnel) {
  auto node = healthy();
  FakeNetwork network;
  network.lose({address("192.0.2.2")});
  network.test(node);
  EXPECT_THAT(texts(diagnose(node)), IsEmpty());
}

TEST(NodeReachability, NamesTheErrorAndItsReporter) {
  auto node = healthy();
  FakeNetwork network;
  network.answer = [](const kernel::EchoRequest& request) {
    if (request.destination != address("192.0.2.2") && request.destination != address("10.128.0.64"))
      return ProbeAnswer{.kind = ProbeAnswer::Kind::answered};
    return ProbeAnswer{.kind = ProbeAnswer::Kind::rejected, .error = EHOSTUNREACH, .reporter = address("192.0.2.9")};
  };
  network.test(node);
  EXPECT_THAT(texts(diagnose(node)),
              ElementsAre(HasSubstr("[b at 192.0.2.2 (No route to host, reported by 192.0.2.9);]")));
}

TEST(NodeReachability, DoesNotTestTunnelsThatTheKernelDoesNotHave) {
  auto node = healthy();
  node.kernel.observed.tunnels.clear();
  EXPECT_THAT(paths_to_nodes(node), SizeIs(2));
  node = healthy();
  node.kernel.observed.routes.erase(prefix("10.128.0.64/26"));
  EXPECT_THAT(paths_to_nodes(node), SizeIs(3));
  node = healthy();
  node.store.directory.nodes["b"].pod_networks = {prefix("10.1.0.0/24")};
  EXPECT_THAT(paths_to_nodes(node), SizeIs(3)) << "its first address may be that of a container";
}

TEST(NodeReachability, TestsOnlyFamiliesOfThisNode) {
  auto node = healthy();
  node.store.directory.nodes["b"].addresses.push_back(address("fd00:2::2"));
  EXPECT_THAT(paths_to_nodes(node), SizeIs(4));
  node.store.directory.nodes["a"].addresses.push_back(address("fd00:2::1"));
  EXPECT_THAT(paths_to_nodes(node), SizeIs(5));
}

TEST(NodeReachability, FindsTheLargestPacketThatArrives) {
  for (const std::uint32_t mtu : {68U, 576U, 1281U, 1364U, 1463U}) {
    SCOPED_TRACE(mtu);
    auto node = healthy();
    FakeNetwork network;
    network.answer = [mtu](const kernel::EchoRequest& request) {
      const bool is_small = request.ip_bytes <= std::max(mtu, kernel::EchoRequest{}.ip_bytes);
      const bool arrives = request.ip_bytes == kernel::EchoRequest{}.ip_bytes || (is_small && request.ip_bytes <= mtu);
      return ProbeAnswer{.kind = arrives ? ProbeAnswer::Kind::answered : ProbeAnswer::Kind::lost};
    };
    network.test(node);
    EXPECT_LE(network.exchanges, 4U);
    const auto findings = diagnose(node);
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_THAT(findings.front().what, HasSubstr("more than " + std::to_string(std::max(mtu, 84U)) + " bytes"));
    EXPECT_EQ(findings.front().severity, Severity::fault);
  }
}

TEST(NodeReachability, WarnsIfTheKernelLearnsTheMtu) {
  auto node = healthy();
  FakeNetwork network;
  network.answer = [](const kernel::EchoRequest& request) {
    if (request.ip_bytes <= 1400) return ProbeAnswer{.kind = ProbeAnswer::Kind::answered};
    return ProbeAnswer{.kind = ProbeAnswer::Kind::too_big, .error = EMSGSIZE, .mtu = 1400};
  };
  network.test(node);
  EXPECT_EQ(network.exchanges, 2U);
  EXPECT_THAT(texts(diagnose(node)),
              ElementsAre(HasSubstr("warning: packets of more than 1400 bytes to nodes are lost, but containers send "
                                    "1464: the path has a smaller MTU than the interface of this node, 1500")));
}

TEST(NodeReachability, OfThousandsOfNodesIsBounded) {
  auto node = healthy();
  for (int i = 0; i < 6000; ++i) {
    auto& other = node.store.directory.nodes["n" + std::to_string(i)];
    other.addresses = {{.family = cni::Family::ipv4, .bits = address("198.18.0.0").bits + static_cast<unsigned>(i)}};
  }
  FakeNetwork network;
  network.answer = [](const kernel::EchoRequest& request) {
    return ProbeAnswer{.kind = request.ip_bytes > 100 ? ProbeAnswer::Kind::lost : ProbeAnswer::Kind::answered};
  };
  network.test(node);
  EXPECT_THAT(node.paths, SizeIs(5002));
  EXPECT_LE(network.exchanges, 4U);
  EXPECT_LE(network.sent, 5002U * 2 + 2 * 32 * 64);
  EXPECT_THAT(texts(diagnose(node)), testing::Contains("note: only the first 5000 nodes were tested []"));
}

TEST(NodeReachability, ReportsWhyNothingWasTested) {
  auto node = healthy();
  node.why_untested = "open a socket for echo requests: Operation not permitted";
  EXPECT_THAT(texts(diagnose(node)), ElementsAre(HasSubstr("note: it was not tested whether the other nodes answer")));
}

TEST(BlockFaults, NamesContainersOfABlockInQuarantine) {
  auto node = healthy();
  node.store.owners[{"default", 7}] = {.node = "b", .machine = "mb"};
  node.blocks.push_back({.block = {"default", 7},
                         .is_hidden = true,
                         .prefixes = {{prefix("10.128.1.192/26")}},
                         .containers = {"pods/c1/eth0"}});
  EXPECT_THAT(texts(diagnose(node)),
              ElementsAre("fault: block default/000007 belongs to node b in the store and is in quarantine: other "
                          "containers of the cluster can get the same addresses [pods/c1/eth0;]"));
  node.blocks.back().containers.clear();
  node.store.failure = cni::Error{cni::ErrorCode::try_again_later, "the store does not answer"};
  node.store.owners.clear();
  EXPECT_THAT(texts(diagnose(node)),
              ElementsAre("fault: the store does not answer []",
                          HasSubstr("warning: block default/000007 belonged to another node and is in quarantine")));
}

TEST(BlockFaults, ReportsAFileWhoseBlockBelongsToAnother) {
  auto node = healthy();
  node.store.owners[{"default", 0}] = {.node = "b", .machine = "mb"};
  EXPECT_THAT(texts(diagnose(node)), ElementsAre(HasSubstr("fault: block default/000000 has a file on this node, but "
                                                           "belongs to node b in the store")));
  node.store.owners[{"default", 0}] = {.node = "a", .machine = "old"};
  EXPECT_THAT(texts(diagnose(node)), ElementsAre(HasSubstr("another machine with the name of this node")));
}

TEST(BlockFaults, ReportsFilesWithoutKeyAndKeysWithoutFile) {
  auto node = healthy();
  node.store.owners.erase({"default", 0});
  node.store.owners[{"default", 9}] = {.node = "a", .machine = "ma"};
  node.store.owners[{"default", 10}] = {.node = "a", .machine = "other"};
  EXPECT_THAT(
      texts(diagnose(node)),
      ElementsAre(
          "warning: blocks of this node have no owner in the store: another node can claim them [default/000000;]",
          "warning: blocks belong to this node in the store, but have no file here [default/000009;]"));
}

TEST(BlockFaults, ReportsDamagedFilesAndThoseOfAnotherPool) {
  auto node = healthy();
  node.blocks.front().prefixes = {{prefix("10.64.0.0/26")}};
  EXPECT_THAT(texts(diagnose(node)), ElementsAre("fault: pool \"default\" was changed: block 000000 of this node has "
                                                 "10.64.0.0/26 [block default/000000;]"));
  node.blocks.front().prefixes.reset();
  EXPECT_THAT(texts(diagnose(node)), ElementsAre(HasSubstr("fault: files of blocks cannot be read")));
}

}  // namespace
