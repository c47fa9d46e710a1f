#include "plugin/node/next_hops.hpp"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace {

using node::next_hop_ids;
using wiring::NextHop;

NextHop hop_to(std::uint32_t number) {
  return {.device = "veth-node0", .tunnel = {{.remote = {.bits = number}, .vni = 1}}};
}

/// Names whose hashes are equal in the lower 24 bits.
std::pair<std::string, std::string> colliding_names() {
  std::map<std::uint32_t, std::string> names;
  for (int number = 0;; ++number) {
    const auto name = "node" + std::to_string(number);
    const auto id = next_hop_ids({{name, {}}}, {}).at(name);
    const auto [earlier, is_new] = names.emplace(id, name);
    if (!is_new) return {std::min(earlier->second, name), std::max(earlier->second, name)};
  }
}

TEST(NextHopIds, AreTheirHashesInTheRangeOfThisProgram) {
  for (const char* name : {"a", "b", "node1.example.com"}) {
    const auto id = next_hop_ids({{name, {}}}, {}).at(name);
    EXPECT_TRUE(wiring::is_own_next_hop(id)) << std::hex << id;
    EXPECT_EQ(next_hop_ids({{name, {}}, {"other", {}}}, {}).at(name), id);
  }
}

TEST(NextHopIds, AreTheNextFreeNumbersIfHashesCollide) {
  const auto [first, second] = colliding_names();
  const auto ids = next_hop_ids({{first, hop_to(1)}, {second, hop_to(2)}}, {});
  EXPECT_EQ(ids.at(second), ids.at(first) + 1);
}

TEST(NextHopIds, StayIfACollidingNodeComesOrGoes) {
  const auto [first, second] = colliding_names();
  const auto lone = next_hop_ids({{second, hop_to(2)}}, {}).at(second);
  const auto both = next_hop_ids({{first, hop_to(1)}, {second, hop_to(2)}}, {{lone, hop_to(2)}});
  EXPECT_EQ(both.at(second), lone);
  EXPECT_EQ(both.at(first), lone + 1);
  const auto rest = next_hop_ids({{first, hop_to(1)}}, {{lone, hop_to(2)}, {lone + 1, hop_to(1)}});
  EXPECT_EQ(rest.at(first), lone + 1);
}

TEST(NextHopIds, StayIfTheNodeChanges) {
  const auto [first, second] = colliding_names();
  const auto id = next_hop_ids({{first, {}}}, {}).at(first);
  const std::map<std::uint32_t, NextHop> existing{{id, hop_to(1)}, {id + 1, hop_to(2)}};
  const auto ids = next_hop_ids({{first, hop_to(11)}, {second, hop_to(2)}}, existing);
  EXPECT_EQ(ids.at(first), id);
  EXPECT_EQ(ids.at(second), id + 1);
  const auto other = next_hop_ids({{first, hop_to(1)}, {second, hop_to(22)}}, existing);
  EXPECT_EQ(other, ids);
}

TEST(NextHopIds, AreUniqueForTenThousandNodes) {
  std::map<std::string, NextHop> hops;
  for (std::uint32_t number = 0; number < 10'000; ++number) hops["node" + std::to_string(number)] = hop_to(number);
  std::set<std::uint32_t> ids;
  for (const auto& [name, id] : next_hop_ids(hops, {})) ids.insert(id);
  EXPECT_EQ(ids.size(), hops.size());
}

TEST(TunnelMac, IsLocalAndTheSameEverywhere) {
  const auto mac = node::tunnel_mac("node1");
  EXPECT_EQ(mac.bytes[0] & 3, 2);
  EXPECT_EQ(mac, node::tunnel_mac("node1"));
  EXPECT_NE(mac, node::tunnel_mac("node2"));
  EXPECT_TRUE(cni::is_link_local(node::tunnel_gateway("node1")));
}

}  // namespace
