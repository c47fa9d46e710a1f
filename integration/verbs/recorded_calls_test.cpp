// Replays the calls of CRI-O 1.37, which are recorded in integration/samples, one in each line: VERSION, STATUS until
// it succeeds, GC, each ADD followed by CHECK, and after a restart GC and CHECK of the running containers.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/snapshot.hpp"

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

/// The calls of the first plugin in a file. The calls of its IPAM and of the later plugins are left out: veth does
/// their work, too.
std::vector<json> recorded_calls(const std::string& name) {
  std::ifstream file{VETH_SOURCE_DIR "/integration/samples/" + name};
  std::vector<json> calls;
  for (std::string line; std::getline(file, line);) {
    auto recorded = json::parse(line);
    if (recorded.at("plugin") == "ptp") calls.push_back(std::move(recorded));
  }
  return calls;
}

/// A node with CRI-O: it stores the result of each ADD and passes it to CHECK and DEL.
class CrioNode {
 public:
  void replay(const std::string& file) {
    SCOPED_TRACE(file);
    const auto calls = recorded_calls(file);
    ASSERT_FALSE(calls.empty()) << "no such sample";
    for (const auto& recorded : calls) replay_call(recorded);
  }

  std::map<std::string, json> results;  ///< of the running containers
  std::map<std::string, int> verbs;     ///< the number of calls of each

 private:
  void replay_call(const json& recorded) {
    const auto environment = recorded.at("env").get<std::map<std::string, std::string>>();
    const auto& verb = environment.at("CNI_COMMAND");
    const auto& container = environment.at("CNI_CONTAINERID");
    const auto answer = call({.command = verb,
                              .container = container,
                              .netns = netns_of(container, environment.at("CNI_NETNS")),
                              .interface = environment.at("CNI_IFNAME"),
                              .args = environment.at("CNI_ARGS"),
                              .config = adapted(recorded.at("stdin").get<std::string>(), container)});
    EXPECT_EQ(answer.exit, recorded.at("exit")) << verb << ' ' << answer;
    EXPECT_EQ(answer.err, "") << verb;
    if (verb == "ADD") results[container] = answer.result;
    if (verb == "DEL") results.erase(container);
    ++verbs[verb];
  }

  std::string netns_of(const std::string& container, const std::string& recorded) {
    if (container.empty()) return recorded;
    if (!namespaces_.contains(container)) namespaces_.emplace(container, Namespace{container});
    return namespaces_.at(container).path();
  }

  /// The configuration for veth and veth-ipam in place of the recorded plugins.
  json adapted(const std::string& input, const std::string& container) const {
    auto config = json::parse(input);
    if (config.contains("type")) config["type"] = "veth";
    if (config.contains("ipam")) config["ipam"]["type"] = "veth-ipam";
    if (config.contains("ipam")) config["ipam"].erase("dataDir");  // for host-local
    if (config.contains("prevResult")) config["prevResult"] = results.at(container);
    return config;
  }

  std::map<std::string, Namespace> namespaces_;
};

void expect_ping(const json& result) {
  for (const int family : {4, 6}) {
    const auto address = address_of(result, family);
    EXPECT_TRUE(address.empty() || ping(Namespace::host(), address)) << address;
  }
}

TEST(RecordedCalls, OfCrioAndOfItsRestartSucceed) {
  const auto before = Snapshot::take();
  CrioNode node;
  node.replay("cri-o-1.37.jsonl");
  ASSERT_EQ(node.results.size(), 2U);
  for (const auto& [container, result] : node.results) expect_ping(result);
  node.replay("cri-o-1.37-restart.jsonl");
  EXPECT_EQ(node.results.size(), 0U);
  EXPECT_EQ(node.verbs, (std::map<std::string, int>{
                            {"ADD", 3}, {"CHECK", 5}, {"DEL", 3}, {"GC", 2}, {"STATUS", 2}, {"VERSION", 2}}));
  EXPECT_TRUE(unchanged_since(before));
}

TEST(RecordedCalls, OfCrioWithBurstsOfMoreThan32BitsSucceed) {
  const auto before = Snapshot::take();
  CrioNode node;
  node.replay("cri-o-1.37-capabilities.jsonl");
  EXPECT_EQ(node.verbs, (std::map<std::string, int>{{"ADD", 1}, {"CHECK", 1}, {"DEL", 1}, {"VERSION", 1}}));
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
