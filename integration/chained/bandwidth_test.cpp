// The executable under the name bandwidth, behind ptp and bridge of either version.
#include "integration/support/iproute.hpp"
#include "integration/support/plugin_chain.hpp"
#include "integration/support/snapshot.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

json limited() {
  return {{"type", "bandwidth"},
          {"ingressRate", 8'000'000},
          {"ingressBurst", 8'000'000},
          {"egressRate", 16'000'000},
          {"egressBurst", 8'000'000}};
}

json first_of(const std::string& type) {
  json config{{"type", type}, {"ipam", {{"type", "host-local"}, {"subnet", "10.9.1.0/24"}}}};
  if (type == "bridge") config["bridge"] = "br9";
  return config;
}

/// The root qdiscs of kind tbf, with their rates in bytes per second.
std::map<std::string, std::uint64_t> limits() {
  std::map<std::string, std::uint64_t> rates;
  const auto qdiscs = json::parse(run({.argv = {"tc", "-j", "qdisc"}}).out);
  for (const auto& qdisc : qdiscs) {
    if (qdisc.value("kind", "") == "tbf")
      rates[qdisc.at("dev").get<std::string>()] = qdisc.at("options").at("rate").get<std::uint64_t>();
  }
  return rates;
}

std::string ifb_of(const json& result) { return result.at("interfaces").back().at("name").get<std::string>(); }

class ChainedBandwidth : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(reference_plugins))
      GTEST_SKIP() << "NOT RUN: containernetworking-plugins is not installed";
  }

  static PluginChain chain_behind(const FirstPlugin& first) {
    return {.plugins = {{first_of(first.type), first.folder()}, {limited()}}};
  }

  PluginChain chain = chain_behind({"ptp", false});
  Container a{"a"};
};

class ChainedBandwidthBehind : public ChainedBandwidth, public testing::WithParamInterface<FirstPlugin> {};

INSTANTIATE_TEST_SUITE_P(, ChainedBandwidthBehind, testing::ValuesIn(first_plugins()),
                         [](const auto& instance) { return testing::PrintToString(instance.param); });

TEST_P(ChainedBandwidthBehind, LimitsBothDirectionsAndLeavesNothing) {
  chain = chain_behind(GetParam());
  const auto first = chain.add(a);
  ASSERT_EQ(first.exit, 0) << first;
  ASSERT_EQ(chain.del(a).exit, 0);  // a bridge stays
  const auto before = Snapshot::take_settled();
  const auto added = chain.add(a);
  ASSERT_EQ(added.exit, 0) << added;
  const auto ifb = ifb_of(added.result);
  EXPECT_TRUE(ifb.starts_with("bwp")) << ifb;
  const auto rates = limits();
  EXPECT_EQ(rates.size(), 2U);
  for (const auto& [device, rate] : rates) EXPECT_EQ(rate, device == ifb ? 2'000'000U : 1'000'000U);
  const auto checked = chain.check(a, added.result);
  EXPECT_EQ(checked.exit, 0) << checked;
  const auto deleted = chain.del(a, added.result);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_TRUE(unchanged_since(before));
  EXPECT_EQ(chain.del(a).exit, 0) << "a second time";
}

/// The capability counts only if the configuration has no limit.
TEST_F(ChainedBandwidth, PrefersTheLimitsOfTheConfiguration) {
  chain.runtime_config = {{"bandwidth", {{"egressRate", 80'000}, {"egressBurst", 80'000}}}};
  chain.plugins.at(1).config = {{"type", "bandwidth"}, {"ingressRate", 8'000'000}, {"ingressBurst", 8'000'000}};
  const auto added = chain.add(a);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(limits().size(), 1U);
  EXPECT_EQ(limits().at(host_interface_of(added.result)), 1'000'000U);
  EXPECT_EQ(chain.del(a, added.result).exit, 0);
  chain.plugins.at(1).config = {{"type", "bandwidth"}};
  const auto by_capability = chain.add(a);
  ASSERT_EQ(by_capability.exit, 0) << by_capability;
  EXPECT_EQ(limits().begin()->second, 10'000U);
  EXPECT_EQ(chain.del(a, by_capability.result).exit, 0);
}

/// The reference plugin names the ifb by network and container only.
TEST_F(ChainedBandwidth, LimitsTwoInterfacesOfAContainer) {
  chain = chain_behind({"bridge", false});
  ASSERT_EQ(chain.add(a).exit, 0);
  ASSERT_EQ(chain.del(a).exit, 0);  // the bridge stays
  const auto before = Snapshot::take_settled();
  const auto first = chain.add(a);
  ASSERT_EQ(first.exit, 0) << first;
  a.interface = "net1";
  const auto second = chain.add(a);
  ASSERT_EQ(second.exit, 0) << second;
  EXPECT_EQ(limits().size(), 4U);
  EXPECT_EQ(chain.check(a, second.result).exit, 0);
  EXPECT_EQ(chain.del(a, second.result).exit, 0);
  a.interface = "eth0";
  EXPECT_EQ(chain.check(a, first.result).exit, 0);
  EXPECT_EQ(chain.del(a, first.result).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(ChainedBandwidth, CheckFindsEachMissingPart) {
  const auto added = chain.add(a);
  ASSERT_EQ(added.exit, 0) << added;
  const auto host_end = host_interface_of(added.result);
  const auto ifb = ifb_of(added.result);
  const std::vector<std::vector<std::string>> damages{
      {"tc", "qdisc", "del", "dev", host_end, "root"},
      {"tc", "qdisc", "change", "dev", ifb, "root", "tbf", "rate", "1mbit", "burst", "10k", "limit", "20k"},
      {"tc", "qdisc", "del", "dev", host_end, "ingress"},
      {"ip", "link", "set", ifb, "down"},
      {"ip", "link", "del", ifb}};
  for (const auto& damage : damages) {
    const auto checked = chain.check(a, added.result);
    EXPECT_EQ(checked.exit, 0) << testing::PrintToString(damage) << checked;
    ASSERT_EQ(run({.argv = damage}).exit, 0);
    EXPECT_EQ(code_of(chain.check(a, added.result)), 104) << testing::PrintToString(damage);
    const auto repeated = call(chain.call_of(1, "ADD", a, added.result));
    EXPECT_EQ(repeated.exit, 0) << repeated;
  }
  EXPECT_EQ(chain.del(a, added.result).exit, 0);
}

TEST_F(ChainedBandwidth, GcRemovesTheIfbOfAContainerThatIsNotValid) {
  const auto before = Snapshot::take();
  const auto added = chain.add(a);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(call(chain.call_of(0, "DEL", a, added.result)).exit, 0);
  const auto ifb = ifb_of(added.result);
  chain.plugins.erase(chain.plugins.begin());
  EXPECT_EQ(chain.gc({{.container = "a"}}).exit, 0);
  EXPECT_TRUE(has_interface(Namespace::host(), ifb)) << "valid";
  EXPECT_EQ(chain.gc({}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(ChainedBandwidth, EitherVersionRemovesWhatTheOtherHasAdded) {
  const auto before = Snapshot::take();
  for (const bool is_own_first : {true, false}) {
    SCOPED_TRACE(is_own_first);
    auto adding = chain;
    auto deleting = chain;
    (is_own_first ? deleting : adding).plugins.at(1).folder = reference_plugins;
    const auto added = adding.add(a);
    ASSERT_EQ(added.exit, 0) << added;
    const auto& checking = is_own_first ? adding : deleting;  // the reference plugin accepts no other queue
    EXPECT_EQ(checking.check(a, added.result).exit, 0);
    EXPECT_EQ(deleting.del(a, added.result).exit, 0);
    EXPECT_TRUE(unchanged_since(before));
  }
}

TEST_F(ChainedBandwidth, RefusesWhatTheReferencePluginRefuses) {
  struct RefusedLimit {
    json config;
    std::string message;
  };
  const std::vector<RefusedLimit> refused{
      {{{"type", "bandwidth"}, {"ingressRate", 8000}}, "if rate is set, burst must also be set"},
      {{{"type", "bandwidth"}, {"egressBurst", 8000}}, "if burst is set, rate must also be set"},
      {{{"type", "bandwidth"}, {"egressRate", 8000}, {"egressBurst", 34359738360}}, "burst cannot be more than 4GB"}};
  for (const auto& [config, message] : refused) {
    chain.plugins.at(1).config = config;
    const auto answer = chain.add(a);
    EXPECT_EQ(code_of(answer), 7) << config;
    EXPECT_NE(answer.out.find(message), std::string::npos) << answer;
    EXPECT_EQ(chain.del(a).exit, 0);
  }
}

}  // namespace
