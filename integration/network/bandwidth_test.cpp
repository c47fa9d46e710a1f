// Key and capability bandwidth: traffic flows at the configured rate, and DEL removes the limits.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"
#include "integration/support/transfer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr double rate = 20'000'000;
constexpr std::uint64_t burst_bits = 1'000'000;  // what a busy machine sends late, 33 ms or more

json limits(double ingress, double egress, std::uint64_t burst = burst_bits) {
  json bandwidth = json::object();
  if (ingress != 0) bandwidth.update({{"ingressRate", static_cast<std::uint64_t>(ingress)}, {"ingressBurst", burst}});
  if (egress != 0) bandwidth.update({{"egressRate", static_cast<std::uint64_t>(egress)}, {"egressBurst", burst}});
  return bandwidth;
}

json with_limits(json config, const json& bandwidth) {
  config["runtimeConfig"] = {{"bandwidth", bandwidth}};
  return config;
}

json limited_bridge() {
  json config = dual_stack();
  config.update({{"mode", "bridge"}, {"isGateway", true}});
  return config;
}

/// The output of `tc ARGUMENTS` in the namespace, with its error text if it fails.
std::string tc(const Namespace& netns, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "tc");
  const auto outcome = run({.argv = arguments, .inside = &netns});
  return outcome.out + outcome.err;
}

std::string ifb_of(const json& result) {
  auto name = result.at("interfaces").back().at("name").get<std::string>();
  return name.starts_with("ifb") ? name : "";
}

/// The options of the root qdisc, a token bucket filter; null if it is another qdisc.
json bucket_of(const Namespace& netns, const std::string& interface) {
  const auto qdiscs = json::parse(tc(netns, {"-j", "qdisc", "show", "dev", interface, "root"}));
  return qdiscs.at(0).at("kind") == "tbf" ? qdiscs.at(0).at("options") : json{};
}

/// Bits per second, counted as the kernel counts them: frames with their headers.
struct Bounds {
  double least, most;
};

Bounds near(double wanted) { return {0.95 * wanted, 1.05 * wanted}; }

testing::AssertionResult flows_within(const Bounds& bounds, const Flow& flow) {
  const auto text = "frames " + std::to_string(flow.frame_bits / 1e6) + " Mbit/s, payload " +
                    std::to_string(flow.payload_bits / 1e6) + " Mbit/s, wanted " + std::to_string(bounds.least / 1e6) +
                    " to " + std::to_string(bounds.most / 1e6);
  return flow.frame_bits >= bounds.least && flow.frame_bits <= bounds.most ? testing::AssertionSuccess() << text
                                                                           : testing::AssertionFailure() << text;
}

/// A busy machine delays packets, so one of several measurements has to match.
testing::AssertionResult flows_within(const Bounds& bounds, const std::function<Flow()>& measure) {
  constexpr int tries = 5;
  auto result = testing::AssertionFailure();
  for (int count = 0; count < tries && !result; ++count) result = flows_within(bounds, measure());
  return result;
}

testing::AssertionResult flows_at(double wanted, const std::function<Flow()>& measure) {
  return flows_within(near(wanted), measure);
}

class Bandwidth : public testing::Test {
 protected:
  void attach(const json& wanted) {
    config = wanted;
    added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
  }
  Transfer to_container(int family) const { return {host, a.netns, address_of(added.result, family)}; }
  Transfer from_container(int family) const { return {a.netns, host, gateway_of(added.result, family)}; }
  void expect_rates(double ingress, double egress) const {
    for (const int family : {4, 6}) {
      SCOPED_TRACE(family);
      EXPECT_TRUE(flows_at(ingress, [&] { return measure_tcp(to_container(family)); }));
      EXPECT_TRUE(flows_at(egress, [&] { return measure_tcp(from_container(family)); }));
      EXPECT_TRUE(flows_at(ingress, [&] { return measure_udp(to_container(family), ingress); }));
      EXPECT_TRUE(flows_at(egress, [&] { return measure_udp(from_container(family), egress); }));
    }
  }
  void expect_clean_del() const {
    EXPECT_EQ(del(a, config).exit, 0);
    EXPECT_TRUE(unchanged_since(before));
  }
  std::string host_end() const { return host_interface_of(added.result); }

  Namespace host = Namespace::host();
  Snapshot before = Snapshot::take();
  Container a{"a"};
  json config;
  Answer added;
};

TEST_F(Bandwidth, LimitsTrafficInModePtp) {
  if (slowness() > 1) GTEST_SKIP() << "NOT RUN: the rate of an emulated machine is not reliable";
  attach(with_limits(dual_stack(), limits(rate, 1.5 * rate)));
  expect_rates(rate, 1.5 * rate);
  expect_clean_del();
}

TEST_F(Bandwidth, LimitsTrafficInModeBridge) {
  if (slowness() > 1) GTEST_SKIP() << "NOT RUN: the rate of an emulated machine is not reliable";
  run_ip(host, {"link", "add", "cni0", "type", "bridge"});
  before = Snapshot::take();
  attach(with_limits(limited_bridge(), limits(rate, 1.5 * rate)));
  expect_rates(rate, 1.5 * rate);
}

TEST_F(Bandwidth, DefaultsToTheConfiguration) {
  if (slowness() > 1) GTEST_SKIP() << "NOT RUN: the rate of an emulated machine is not reliable";
  json wanted =
      with_limits(dual_stack(), {{"ingressRate", 0}, {"EgressRate", 8'000'000}, {"egressBurst", 4294967295U}});
  wanted["bandwidth"] = {{"ingressRate", 16'000'000}, {"egressRate", 24'000'000}, {"egressBurst", 800'000}};
  attach(wanted);
  const auto ingress = bucket_of(host, host_end());
  EXPECT_EQ(ingress.at("rate"), 2'000'000) << ingress;
  EXPECT_EQ(ingress.at("burst"), 65536) << "the default: " << ingress;
  const auto egress = bucket_of(host, ifb_of(added.result));
  EXPECT_EQ(egress.at("rate"), 1'000'000) << egress;
  EXPECT_EQ(egress.at("burst"), 100'000) << "the smaller one of runtime and configuration: " << egress;
  expect_clean_del();
}

TEST_F(Bandwidth, IsShownByTcOnTheHost) {
  attach(with_limits(dual_stack(), limits(rate, 100 * 1e9)));
  const auto ifb = ifb_of(added.result);
  EXPECT_EQ(bucket_of(host, host_end()).at("rate"), 2'500'000);
  EXPECT_EQ(bucket_of(host, host_end()).at("burst"), burst_bits / 8);
  EXPECT_EQ(bucket_of(host, ifb).at("rate"), 12'500'000'000) << "a rate of more than 32 bits";
  const auto link = ip(host, {"-d", "link", "show", "dev", ifb}).at(0);
  EXPECT_EQ(link.at("ifalias"), "veth-cni/net/a/eth0");
  EXPECT_EQ(link.at("address"), added.result.at("interfaces").back().at("mac"));
  EXPECT_EQ(link.at("inet6_addr_gen_mode"), "none") << link;
  const auto filter = tc(host, {"filter", "show", "dev", host_end(), "ingress"});
  EXPECT_NE(filter.find("match 00000000/00000000 at 0"), std::string::npos) << filter;
  EXPECT_NE(filter.find("mirred (Egress Redirect to device " + ifb + ") stolen"), std::string::npos) << filter;
}

TEST_F(Bandwidth, LimitOfOneDirectionCreatesOnlyItsQdiscs) {
  attach(with_limits(dual_stack(), limits(rate, 0)));
  EXPECT_EQ(ifb_of(added.result), "");
  EXPECT_EQ(ip(host, {"link", "show", "type", "ifb"}), json::array());
  expect_clean_del();
  attach(with_limits(dual_stack(), limits(0, rate)));
  EXPECT_EQ(bucket_of(host, host_end()), json{});
  EXPECT_EQ(bucket_of(host, ifb_of(added.result)).at("rate"), 2'500'000);
  expect_clean_del();
}

/// With a burst of one frame, the limit cannot make up for a late timer: a busy machine stays below the rate.
TEST_F(Bandwidth, RaisesTheBurstToOneFrame) {
  json wanted = with_limits(dual_stack(), limits(rate, rate, 8));
  wanted["mtu"] = 9000;
  attach(wanted);
  EXPECT_NEAR(bucket_of(host, host_end()).at("burst").get<double>(), 9018, 1);
  const Bounds bounds{rate / 2, near(rate).most};
  EXPECT_TRUE(flows_within(bounds, [&] { return measure_tcp(to_container(4)); }));
  EXPECT_TRUE(flows_within(bounds, [&] { return measure_tcp(from_container(4)); }));
}

/// Runtimes send the largest number of its type for "no limit"; the kernel stores a burst in ticks, in 32 bits.
TEST_F(Bandwidth, AcceptsBurstsOfAnySize) {
  for (const std::uint64_t burst : {4294967295ULL, 34359738359ULL, 18446744073709551615ULL}) {
    for (const double bits : {1e3, 1e6, 1e10}) {
      attach(with_limits(dual_stack(), limits(bits, bits, burst)));
      const auto set = bucket_of(host, host_end()).at("burst").get<double>();
      const double wanted = std::min({static_cast<double>(burst) / 8, bits / 8 * 274, 4294967295.0});
      EXPECT_NEAR(set, wanted, wanted / 1000) << burst << " at " << bits;
      EXPECT_EQ(check(a, config, added.result).exit, 0) << burst << " at " << bits;
      expect_clean_del();
    }
  }
}

TEST_F(Bandwidth, CannotBeRemovedFromInsideTheContainer) {
  attach(with_limits(dual_stack(), limits(rate, rate)));
  for (const char* action : {"del", "replace"}) {
    for (const char* parent : {"root", "ingress"}) tc(a.netns, {"qdisc", action, "dev", "eth0", parent});
  }
  tc(a.netns, {"qdisc", "replace", "dev", "eth0", "root", "tbf", "rate", "10gbit", "burst", "1mb", "limit", "10mb"});
  EXPECT_EQ(bucket_of(a.netns, "eth0").at("rate"), 1'250'000'000) << "the container may configure its own end";
  run_ip(a.netns, {"link", "set", "eth0", "txqueuelen", "10000", "promisc", "on"});
  EXPECT_TRUE(flows_at(rate, [&] { return measure_tcp(to_container(4)); }));
  EXPECT_TRUE(flows_at(rate, [&] { return measure_tcp(from_container(4)); }));
}

TEST_F(Bandwidth, IsRefusedBetweenTwoContainers) {
  const Namespace peer{"peer"};
  json wanted = with_limits(dual_stack(), limits(rate, 0));
  wanted.update({{"mode", "netns"}, {"peer", {{"netns", peer.path()}}}});
  const auto refused = add(a, wanted);
  EXPECT_EQ(code_of(refused), 7) << refused;
  EXPECT_NE(refused.out.find("both ends are in containers"), std::string::npos) << refused;
  EXPECT_TRUE(unchanged_since(before));
}

/// A manual change after ADD, and the text by which CHECK has to report it.
struct BandwidthChange {
  std::vector<std::string> command;  ///< VETH and IFB are replaced by the names of the two devices
  std::string report;
};

const std::vector<BandwidthChange> bandwidth_changes{
    {{"tc", "qdisc", "delete", "dev", "VETH", "root"}, "is missing on interface \\\"VETH\\\""},
    {{"tc", "qdisc", "change", "dev", "VETH", "root", "tbf", "rate", "1gbit", "burst", "25000", "latency", "50ms"},
     "rate limit of interface \\\"VETH\\\" is 125000000 bytes/s with a burst of 25000, expected 2500000"},
    {{"tc", "qdisc", "change", "dev", "IFB", "root", "tbf", "rate", "20mbit", "burst", "90000", "latency", "50ms"},
     "rate limit of interface \\\"IFB\\\" is 2500000 bytes/s with a burst of 90000, expected 2500000"},
    {{"tc", "qdisc", "delete", "dev", "IFB", "root"}, "is missing on interface \\\"IFB\\\""},
    {{"tc", "qdisc", "delete", "dev", "VETH", "ingress"}, "does not redirect what the container sends to \\\"IFB\\\""},
    {{"tc", "filter", "delete", "dev", "VETH", "ingress"}, "does not redirect what the container sends to \\\"IFB\\\""},
    {{"ip", "link", "set", "IFB", "down"}, "interface \\\"IFB\\\" is down"},
    {{"ip", "link", "delete", "IFB"}, "interface \\\"IFB\\\" is missing"}};

std::string with_names(std::string text, const std::string& veth, const std::string& ifb) {
  for (const auto& [word, name] : {std::pair{"VETH", veth}, std::pair{"IFB", ifb}}) {
    if (const auto position = text.find(word); position != std::string::npos)
      text.replace(position, std::string{word}.size(), name);
  }
  return text;
}

TEST_F(Bandwidth, IsComparedByCheck) {
  for (const auto& [command, report] : bandwidth_changes) {
    attach(with_limits(dual_stack(), limits(rate, rate)));
    EXPECT_EQ(check(a, config, added.result).exit, 0);
    Command change;
    for (const auto& word : command) change.argv.push_back(with_names(word, host_end(), ifb_of(added.result)));
    ASSERT_EQ(run(change), Outcome{}) << report;
    const auto checked = check(a, config, added.result);
    EXPECT_EQ(code_of(checked), 104) << checked;
    EXPECT_NE(checked.out.find(with_names(report, host_end(), ifb_of(added.result))), std::string::npos) << checked;
    expect_clean_del();
  }
}

/// Waits for the kernel, which destroys a namespace some time after its last reference is gone.
testing::AssertionResult disappears(const Namespace& netns, const std::string& interface) {
  for (int tries = 0; tries < 500 * slowness(); ++tries) {
    if (!has_interface(netns, interface)) return testing::AssertionSuccess();
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return testing::AssertionFailure() << interface << " is still there";
}

TEST_F(Bandwidth, LeavesNothingWhenTheNamespaceWasDeletedBeforeDel) {
  attach(with_limits(dual_stack(), limits(rate, rate)));
  a.netns.remove();
  EXPECT_TRUE(disappears(host, host_end()));
  EXPECT_TRUE(has_interface(host, ifb_of(added.result)));
  for (const char* time : {"first", "second"}) {
    const auto deleted = call({.command = "DEL", .container = "a", .config = dual_stack()});
    EXPECT_EQ(deleted.exit, 0) << time << deleted;
    EXPECT_TRUE(unchanged_since(before)) << time;
  }
}

TEST_F(Bandwidth, IsAddedAgainIfOnlyTheIfbExists) {
  attach(with_limits(dual_stack(), limits(rate, rate)));
  run_ip(host, {"link", "delete", host_end()});
  attach(config);
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  expect_clean_del();
}

/// An ADD that is killed before it prints its result leaves a record in pending/.
TEST_F(Bandwidth, IsAddedAgainAfterAKilledAdd) {
  attach(with_limits(dual_stack(), limits(rate, rate)));
  for (const auto& entry : std::filesystem::recursive_directory_iterator{state_root}) {
    const auto stage = entry.path().parent_path();
    if (stage.filename() == "live")
      std::filesystem::rename(entry, stage.parent_path() / "pending" / entry.path().filename());
  }
  const auto ifbs = ip(host, {"link", "show", "type", "ifb"});
  attach(config);
  EXPECT_NE(ip(host, {"link", "show", "type", "ifb"}).at(0).at("ifindex"), ifbs.at(0).at("ifindex"));
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  expect_clean_del();
}

TEST_F(Bandwidth, IsAddedAgainIfPairAndRecordAreMissing) {
  attach(with_limits(dual_stack(), limits(rate, rate)));
  run_ip(host, {"link", "delete", host_end()});
  std::filesystem::remove_all(state_root);
  attach(config);
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  expect_clean_del();
}

TEST_F(Bandwidth, LeavesNothingWhenAddFails) {
  run_ip(a.netns, {"link", "add", "eth0", "type", "bridge"});
  const auto refused = add(a, with_limits(dual_stack(), limits(rate, rate)));
  EXPECT_EQ(code_of(refused), 100) << refused;
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Bandwidth, IsRemovedByGcWithAndWithoutItsPair) {
  const Container b{"b"};
  const Container c{"c"};
  json wanted = with_limits(dual_stack(), limits(rate, rate));
  wanted["cniVersion"] = "1.1.0";
  ASSERT_EQ(add(b, wanted).exit, 0);
  const auto kept = Snapshot::take();
  attach(wanted);
  const auto other = add(c, wanted);
  ASSERT_EQ(other.exit, 0) << other;
  run_ip(host, {"link", "delete", host_interface_of(other.result)});
  const auto collected = gc(wanted, {{"b"}});
  EXPECT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(kept));
}

TEST_F(Bandwidth, IsRemovedWhenItsLeaseIsReclaimed) {
  json wanted = with_limits(ipv4_only(), limits(rate, rate));
  wanted["ipam"]["ranges"][0][0]["subnet"] = "10.1.2.0/30";
  const Container b{"b"};
  attach(wanted);
  run_ip(host, {"link", "delete", host_end()});
  const auto other = add(b, wanted);
  ASSERT_EQ(other.exit, 0) << other;
  EXPECT_EQ(ip(host, {"link", "show", "type", "ifb"}).size(), 1U);
  EXPECT_EQ(del(b, wanted).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
