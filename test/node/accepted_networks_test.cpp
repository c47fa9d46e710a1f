#include "plugin/node/accepted_networks.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using node::accepted_networks;

/// Nodes a, b and c with these networks of containers.
cluster::Directory directory_of(const std::vector<const char*>& a, const std::vector<const char*>& b,
                                const std::vector<const char*>& c = {}) {
  cluster::Directory directory;
  const auto add = [&](const char* name, const char* address, const std::vector<const char*>& networks) {
    auto& node = directory.nodes[name];
    node.addresses = {*cni::find_address(address)};
    for (const char* each : networks) node.pod_networks.push_back(*cni::find_prefix(each));
  };
  add("a", "192.0.2.1", a);
  add("b", "192.0.2.2", b);
  add("c", "fd00:2::3", c);
  return directory;
}

std::string rejected_by(const cluster::Directory& directory, const std::string& own) {
  std::string text;
  for (const auto& rejected : accepted_networks(directory, own).rejected) text += node::to_string(rejected) + '\n';
  return text;
}

TEST(AcceptedNetworks, AreAllThatDoNotOverlap) {
  const auto directory =
      directory_of({"10.1.0.0/24", "fd01::/64"}, {"10.1.1.0/24"}, {"10.1.2.0/24", "fd01:0:0:1::/64"});
  EXPECT_EQ(rejected_by(directory, "a"), "");
  EXPECT_EQ(accepted_networks(directory, "a").by_node.size(), 3U);
}

TEST(AcceptedNetworks, AreThoseOfThisNodeThenOfTheLowerName) {
  const auto directory = directory_of({}, {"10.1.0.0/24"}, {"10.1.0.0/25", "10.1.0.128/25", "10.2.0.0/16"});
  EXPECT_EQ(rejected_by(directory, "a"),
            "node \"c\": network 10.1.0.0/25 overlaps with a network of node \"b\"\n"
            "node \"c\": network 10.1.0.128/25 overlaps with a network of node \"b\"\n");
  EXPECT_EQ(rejected_by(directory, "c"), "node \"b\": network 10.1.0.0/24 overlaps with a network of node \"c\"\n");
}

TEST(AcceptedNetworks, ContainNoAddressOfANode) {
  const auto directory = directory_of({"10.1.0.0/24"}, {"0.0.0.0/0", "192.0.0.0/16", "192.0.2.2/32"}, {"fd00::/16"});
  EXPECT_EQ(rejected_by(directory, "a"),
            "node \"b\": network 0.0.0.0/0 contains loopback, link-local or multicast addresses\n"
            "node \"b\": network 192.0.0.0/16 contains an address of node \"a\"\n"
            "node \"b\": network 192.0.2.2/32 contains an address of node \"b\"\n"
            "node \"c\": network fd00::/16 contains an address of node \"c\"\n");
}

TEST(AcceptedNetworks, AreForContainers) {
  for (const char* network : {"127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "fe80::/64", "ff00::/8", "::/0"}) {
    const auto text = rejected_by(directory_of({}, {network}), "a");
    EXPECT_NE(text.find("loopback, link-local or multicast"), std::string::npos) << network << text;
  }
}

TEST(AcceptedNetworks, IgnoreARepeatedNetworkOfOneNode) {
  const auto directory = directory_of({}, {"10.1.0.0/24", "10.1.0.7/24"});
  EXPECT_EQ(rejected_by(directory, "a"), "");
  EXPECT_EQ(accepted_networks(directory, "a").by_node.at("b").size(), 1U);
}

}  // namespace
