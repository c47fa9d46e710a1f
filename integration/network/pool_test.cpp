// Addresses of a pool of the cluster: from the blocks of this node in /var/lib/veth-cni/blocks. The program that claims
// blocks is a script.
#include "integration/support/call.hpp"
#include "integration/support/counting.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/snapshot.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <list>
#include <regex>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;
using namespace support;

class PoolOfCluster : public testing::Test {
 protected:
  static constexpr auto folder = "/var/lib/veth-cni/blocks/default";
  static constexpr auto programs = "/run/programs";

  void SetUp() override {
    write_block(folder, 3);
    fs::create_directories(programs);
    for (const char* name : {"veth", "veth-ipam"}) {
      fs::create_symlink(executables() + '/' + name, std::string{programs} + '/' + name);
    }
  }

  /// Four addresses of each family: one of the node, three of containers.
  static void write_block(const fs::path& in, int index) {
    std::ostringstream text;
    text << R"({"prefixes":["10.128.0.)" << 4 * index << R"(/30","fd00:244::)" << std::hex << 4 * index
         << R"(/126"],"pool":["10.128.0.0/9","fd00:244::/48"]})";
    fs::create_directories(in);
    std::ofstream{in / ("00000" + std::to_string(index))} << text.str();
  }

  static void install_claim_program(const std::string& script) {
    const auto path = std::string{programs} + "/veth-node";
    std::ofstream{path} << "#!/bin/sh\n" << script << '\n';
    fs::permissions(path, fs::perms::owner_all);
  }

  Call call_for(const std::string& command, const Container& container) const {
    return {.command = command,
            .container = container.id,
            .netns = container.netns.path(),
            .config = config,
            .path = programs};
  }

  Answer status() const { return call({.command = "STATUS", .config = config, .path = programs}); }

  Answer added(const Container& container) const { return call(call_for("ADD", container)); }

  json config{
      {"cniVersion", "1.1.0"},
      {"name", "net"},
      {"type", "veth"},
      {"ipMasq", true},
      {"ipam", {{"type", "veth-ipam"}, {"pool", "default"}, {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}}}};
  Container a{"a"};
  Container b{"b"};
};

TEST_F(PoolOfCluster, ConnectsContainersWithSingleAddresses) {
  const auto before = Snapshot::take();
  const auto first = added(a);
  ASSERT_EQ(first.exit, 0) << first;
  ASSERT_EQ(added(b).exit, 0);
  EXPECT_EQ(addresses(a.netns, "eth0"), (std::vector<std::string>{"10.128.0.13/32", "fd00:244::d/128"}));
  for (const int family : {4, 6}) {
    EXPECT_TRUE(ping(b.netns, address_of(first.result, family)));
    EXPECT_TRUE(ping(Namespace::host(), address_of(first.result, family)));
  }
  EXPECT_EQ(check(a, config, first.result).exit, 0);
  EXPECT_EQ(status().exit, 0);
  EXPECT_EQ(gc(config, {{"a"}, {"b"}}).exit, 0);
  EXPECT_EQ(check(a, config, first.result).exit, 0);
  EXPECT_EQ(del(a, config, first.result).exit + del(b, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(PoolOfCluster, IsNotMasqueraded) {
  ASSERT_EQ(added(a).exit, 0);
  const auto rules = run({.argv = {"nft", "list", "table", "inet", "veth_cni"}}).out;
  EXPECT_NE(rules.find("ip daddr 10.128.0.0/9 return"), std::string::npos) << rules;
  EXPECT_NE(rules.find("ip6 daddr fd00:244::/48 return"), std::string::npos) << rules;
}

TEST_F(PoolOfCluster, ClaimsABlockWhenItsBlocksAreFull) {
  std::list<Container> containers;
  for (const char* name : {"c1", "c2", "c3", "c4"}) containers.push_back(Container{name});
  for (const auto& container : containers) {
    const auto answer = added(container);
    if (container.id != "c4") {
      EXPECT_EQ(answer.exit, 0) << answer;
      continue;
    }
    EXPECT_EQ(code_of(answer), 11) << answer;
    EXPECT_NE(answer.out.find("veth-node is not in CNI_PATH"), std::string::npos) << answer;
    EXPECT_EQ(code_of(status()), 50);
  }
  write_block("/run/other", 7);
  install_claim_program("[ \"$1 $2 $3\" = 'claim --pool default' ] && mv /run/other/* " + std::string{folder});
  const auto answer = added(containers.back());
  ASSERT_EQ(answer.exit, 0) << answer;
  EXPECT_EQ(address_of(answer.result, 4), "10.128.0.28");
  EXPECT_EQ(address_of(answer.result, 6), "fd00:244::1c");
  EXPECT_EQ(status().exit, 0);
  for (const auto& container : containers) EXPECT_EQ(del(container, config).exit, 0);
}

TEST_F(PoolOfCluster, ReclaimsAddressesOfGoneContainersWithoutTheStore) {
  install_claim_program("echo 'no endpoint answers'; exit 1");
  {
    const Container gone{"gone"};
    ASSERT_EQ(added(gone).exit, 0);
    run_ip(gone.netns, {"link", "del", "eth0"});
  }
  const Container c{"c"};
  EXPECT_EQ(added(a).exit + added(b).exit, 0);
  const auto answer = added(c);
  EXPECT_EQ(answer.exit, 0) << answer;
  const Container d{"d"};
  const auto refused = added(d);
  EXPECT_EQ(code_of(refused), 11);
  EXPECT_NE(refused.out.find("no endpoint answers"), std::string::npos) << refused;
}

TEST_F(PoolOfCluster, ReportsADamagedBlockAndLosesNothing) {
  const auto first = added(a);
  ASSERT_EQ(first.exit, 0) << first;
  std::ofstream{std::string{folder} + "/000003"} << "{";
  const auto refused = added(b);
  EXPECT_EQ(code_of(refused), 5);
  EXPECT_NE(refused.out.find("blocks/default/000003"), std::string::npos) << refused;
  EXPECT_EQ(del(a, config, first.result).exit + del(b, config).exit, 0);
  EXPECT_EQ(gc(config, {}).exit, 0);
  write_block(folder, 3);
  EXPECT_EQ(added(b).exit, 0);
}

TEST_F(PoolOfCluster, ServesOtherPluginsThroughVethIpam) {
  auto request = call_for("ADD", a);
  request.plugin = "veth-ipam";
  const auto answer = call(request);
  ASSERT_EQ(answer.exit, 0) << answer;
  EXPECT_EQ(address_of(answer.result, 4), "10.128.0.13");
  request.command = "DEL";
  EXPECT_EQ(call(request).exit, 0);
}

TEST_F(PoolOfCluster, IsKnownToVethctl) {
  ASSERT_EQ(added(a).exit, 0);
  const auto leases = vethctl({"leases", "list"}).out;
  EXPECT_NE(leases.find("10.128.0.13"), std::string::npos) << leases;
  EXPECT_NE(leases.find("default/000003  10.128.0.12/30 fd00:244::c/126  1 of 3\n"), std::string::npos) << leases;
  const auto without_age = [](const std::string& text) {
    return std::regex_replace(text, std::regex{" [0-9]+s "}, "");
  };
  EXPECT_EQ(without_age(vethctl({"leases", "list", "net"}).out), without_age(leases));
  EXPECT_EQ(json::parse(vethctl({"leases", "list", "-o", "json"}).out)[0]["block"], "default/000003");
  fs::create_directories("/run/conf");
  std::ofstream{"/run/conf/10-net.conf"} << config.dump();
  EXPECT_EQ(vethctl({"validate", "/run/conf/10-net.conf"}).exit, 0);
  const auto metrics = vethctl({"metrics", "--conf-dir", "/run/conf"}).out;
  EXPECT_NE(metrics.find("10.128.0.13-10.128.0.15"), std::string::npos) << metrics;
}

/// Reading a block is the only difference.
TEST_F(PoolOfCluster, CostsAtMostFivePercentMoreThanARange) {
  if (slowness() > 1) GTEST_SKIP() << "NOT RUN: the C library makes other calls on an emulated processor";
  if (!fs::exists("/usr/bin/valgrind")) GTEST_SKIP() << "NOT RUN: valgrind is not installed";
  auto range = config;
  range["name"] = "other";
  range["ipam"] = veth_ipam({"10.1.2.0/24", "fd00:1:2::/64"});
  const auto count = [&](const json& network) {
    auto least = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(add(b, network).exit, 0);
    for (int round = 0; round < 2; ++round) {
      least = std::min(
          least, count_instructions({.command = "ADD", .container = "a", .netns = a.netns.path(), .config = network}));
      EXPECT_EQ(del(a, network).exit, 0);
    }
    EXPECT_EQ(del(b, network).exit, 0);
    return static_cast<double>(least);
  };
  const auto with_range = count(range);
  const auto with_pool = count(config);
  EXPECT_LE(with_pool, 1.05 * with_range) << with_pool << " and " << with_range;
  RecordProperty("instructions_with_pool", std::to_string(with_pool));
}

}  // namespace
