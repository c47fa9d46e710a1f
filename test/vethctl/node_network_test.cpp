#include "plugin/vethctl/node_network.hpp"

#include "plugin/vethctl/command.hpp"
#include "plugin/vethctl/validate.hpp"
#include "test/support/temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include <fstream>

#include <gtest/gtest.h>

namespace {

using nlohmann::json;
using vethctl::NodeNetwork;
using vethctl::parse_cidrs;

json plugin_of(const NodeNetwork& network) { return json::parse(vethctl::to_conflist(network)).at("plugins").at(0); }

std::string refusal_of_cidrs(const std::string& text) {
  try {
    parse_cidrs("pod-cidr", text);
  } catch (const vethctl::UsageError& error) {
    return error.what();
  }
  return {};
}

TEST(NodeNetwork, IsAValidListInEachMode) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() + "/10-veth.conflist";
  for (const char* mode : {"ptp", "bridge"}) {
    const NodeNetwork network{.mode = mode,
                              .pod_cidrs = parse_cidrs("pod-cidr", "10.244.1.0/24,fd00:1::/64"),
                              .cluster_cidrs = parse_cidrs("cluster-cidr", "10.244.0.0/16")};
    std::ofstream{file} << vethctl::to_conflist(network);
    const auto results = vethctl::validate(file);
    ASSERT_EQ(results.size(), 1U) << mode;
    EXPECT_EQ(results.front().kind, vethctl::ValidationResult::Kind::ok) << mode << ": " << results.front().message;
  }
}

TEST(NodeNetwork, GivesAPodAnAddressOfEachNetwork) {
  const NodeNetwork network{.pod_cidrs = parse_cidrs("pod-cidr", "10.244.1.0/24,fd00:1::/64")};
  const auto ipam = plugin_of(network).at("ipam");
  EXPECT_EQ(ipam.at("ranges"), json::parse(R"([[{"subnet": "10.244.1.0/24"}], [{"subnet": "fd00:1::/64"}]])"));
  EXPECT_EQ(ipam.at("routes"), json::parse(R"([{"dst": "0.0.0.0/0"}, {"dst": "::/0"}])"));
}

TEST(NodeNetwork, HasDefaultRoutesOfItsFamiliesOnly) {
  const NodeNetwork network{.pod_cidrs = parse_cidrs("pod-cidr", "fd00:1::/64")};
  EXPECT_EQ(plugin_of(network).at("ipam").at("routes"), json::parse(R"([{"dst": "::/0"}])"));
}

TEST(NodeNetwork, MasqueradesTrafficThatLeavesTheCluster) {
  const NodeNetwork single{.pod_cidrs = parse_cidrs("pod-cidr", "10.244.1.0/24")};
  EXPECT_EQ(plugin_of(single).at("ipMasq"), true);
  EXPECT_FALSE(plugin_of(single).contains("ipMasqExcept"));
  const NodeNetwork clustered{.pod_cidrs = single.pod_cidrs, .cluster_cidrs = parse_cidrs("x", "10.244.0.0/16")};
  EXPECT_EQ(plugin_of(clustered).at("ipMasqExcept"), json::array({"10.244.0.0/16"}));
}

TEST(NodeNetwork, OffersTheNewestVersion) {
  const auto list = json::parse(vethctl::to_conflist({.pod_cidrs = parse_cidrs("pod-cidr", "10.244.1.0/24")}));
  EXPECT_EQ(list.at("cniVersion"), "1.0.0");
  EXPECT_EQ(list.at("cniVersions"), json::array({"1.0.0", "1.1.0"}));
}

TEST(NodeNetwork, GivesStatusTheSameConfigurationAsTheRuntime) {
  const NodeNetwork network{.name = "pods", .pod_cidrs = parse_cidrs("pod-cidr", "10.244.1.0/24")};
  auto input = plugin_of(network);
  input["name"] = "pods";
  input["cniVersion"] = "1.1.0";
  EXPECT_EQ(json::parse(vethctl::to_status_input(network)), input);
}

TEST(NodeNetwork, ParsesNetworksOfOptionsAndFiles) {
  EXPECT_EQ(parse_cidrs("pod-cidr", " 10.244.1.0/24\tfd00:1::/64\n"),
            parse_cidrs("pod-cidr", "10.244.1.0/24,fd00:1::/64"));
}

TEST(NodeNetwork, RejectsTextsThatAreNotNetworks) {
  EXPECT_EQ(refusal_of_cidrs("10.244.1.0"), "--pod-cidr: \"10.244.1.0\" is not in CIDR notation (10.244.1.0/24)");
  EXPECT_EQ(refusal_of_cidrs("10.244.1.7/24"),
            "--pod-cidr: \"10.244.1.7/24\" has host bits: the network is 10.244.1.0/24");
  EXPECT_EQ(refusal_of_cidrs(" ,"), "--pod-cidr: contains no network");
}

}  // namespace
