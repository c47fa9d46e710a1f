#include "plugin/veth_node/claim.hpp"

#include "test/support/error_text.hpp"
#include "test/veth_node/fake_store.hpp"

#include <gmock/gmock.h>

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// A pool of 256 blocks.
veth_node::Claimant claimant_named(const std::string& node) {
  return {.owner = {.node = node, .machine = node + "-machine"},
          .pool_name = "p",
          .pool = cluster::read_pool(R"({"cidrs":["10.0.0.0/18","fd00::/64"],"blockBits":6})")};
}

void own(test::FakeStore& store, std::uint32_t index, const cluster::Owner& owner = {"other", "other-machine"}) {
  store.put(cluster::block_key({"p", index}), to_json(owner));
}

TEST(FindGap, GoesRound) {
  EXPECT_EQ(veth_node::find_gap({}, 3, 8), 3U);
  EXPECT_EQ(veth_node::find_gap({3, 4, 6}, 3, 8), 5U);
  EXPECT_EQ(veth_node::find_gap({6, 7}, 6, 8), 0U);
  EXPECT_EQ(veth_node::find_gap({0, 1, 6, 7}, 6, 8), 2U);
  EXPECT_EQ(veth_node::find_gap({0, 1, 2, 3}, 2, 4), std::nullopt);
  EXPECT_EQ(veth_node::find_gap({}, 0, 0), std::nullopt);
  EXPECT_EQ(veth_node::find_gap({0}, 7, 1), std::nullopt);
}

TEST(ClaimBlock, TakesOneRequestInAnEmptyPool) {
  test::FakeStore store;
  const auto claimant = claimant_named("a");
  const auto block = veth_node::claim_block(store, claimant, {});
  EXPECT_EQ(block.index, veth_node::first_index(claimant));
  EXPECT_THAT(store.requests, ElementsAre("create " + cluster::block_key(block)));
  EXPECT_EQ(store.items.at(cluster::block_key(block)).value, to_json(claimant.owner));
}

TEST(ClaimBlock, BeginsAtAnotherBlockForEachNode) {
  std::set<std::uint32_t> starts;
  for (int i = 0; i < 20; ++i) starts.insert(veth_node::first_index(claimant_named("node-" + std::to_string(i))));
  EXPECT_GE(starts.size(), 17U);
}

TEST(ClaimBlock, TakesTheNextGap) {
  test::FakeStore store;
  const auto claimant = claimant_named("a");
  const auto first = veth_node::first_index(claimant);
  for (std::uint32_t i = 0; i < 40; ++i) own(store, (first + i) % 256);
  EXPECT_EQ(veth_node::claim_block(store, claimant, {}).index, (first + 40) % 256);
  EXPECT_LE(store.requests.size(), 3U);
}

TEST(ClaimBlock, TakesTheLastFreeBlock) {
  for (const bool has_following : {true, false}) {
    test::FakeStore store;
    store.has_following = has_following;
    const auto claimant = claimant_named("a");
    const auto last = (veth_node::first_index(claimant) + 255) % 256;
    for (std::uint32_t i = 0; i < 256; ++i) {
      if (i != last) own(store, i);
    }
    EXPECT_EQ(veth_node::claim_block(store, claimant, {}).index, last);
    EXPECT_LE(store.requests.size(), 5U);
  }
}

TEST(ClaimBlock, ReportsAFullPool) {
  for (const bool has_following : {true, false}) {
    test::FakeStore store;
    store.has_following = has_following;
    for (std::uint32_t i = 0; i < 256; ++i) own(store, i);
    EXPECT_THAT(test::error_text([&] { veth_node::claim_block(store, claimant_named("a"), {}); }),
                HasSubstr("102: pool \"p\" has no free block: all 256 blocks are owned"));
  }
}

TEST(ClaimBlock, ReturnsABlockOfAnInterruptedClaim) {
  test::FakeStore store;
  const auto claimant = claimant_named("a");
  own(store, veth_node::first_index(claimant), claimant.owner);
  EXPECT_EQ(veth_node::claim_block(store, claimant, {}).index, veth_node::first_index(claimant));
}

TEST(ClaimBlock, DoesNotTakeTheBlockOfAnotherMachineWithTheSameName) {
  test::FakeStore store;
  const auto claimant = claimant_named("a");
  own(store, veth_node::first_index(claimant), {"a", "another-machine"});
  EXPECT_NE(veth_node::claim_block(store, claimant, {}).index, veth_node::first_index(claimant));
}

TEST(ClaimBlock, TakesAFurtherOne) {
  test::FakeStore store;
  const auto claimant = claimant_named("a");
  const auto first = veth_node::claim_block(store, claimant, {});
  const auto second = veth_node::claim_block(store, claimant, {first.index});
  EXPECT_NE(first, second);
  EXPECT_THAT(store.items, SizeIs(2));
}

TEST(ClaimBlock, TwoNodesGetTheLastTwoBlocks) {
  test::FakeStore store;
  for (std::uint32_t i = 0; i < 254; ++i) own(store, i);
  const auto a = veth_node::claim_block(store, claimant_named("a"), {});
  const auto b = veth_node::claim_block(store, claimant_named("b"), {});
  EXPECT_THAT((std::set{a.index, b.index}), ElementsAre(254U, 255U));
}

TEST(RequirePool, NamesAMissingPool) {
  test::FakeStore store;
  EXPECT_EQ(test::error_text([&] { veth_node::require_pool(store, "p"); }), "7: the store has no pool \"p\"");
}

}  // namespace
