#include "plugin/veth_node/follower.hpp"

#include "plugin/cluster/entries.hpp"
#include "test/support/temporary_directory.hpp"
#include "test/veth_node/fake_store.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::SizeIs;
using namespace std::chrono_literals;

const std::string some_node = R"({"addresses":["192.0.2.1"],"machine":"m"})";

class FollowerTest : public testing::Test {
 protected:
  /// Runs until it has paused so often. The time advances by the pauses.
  void run(std::size_t count) {
    const auto pause = [&, count](std::chrono::milliseconds duration) {
      now += duration;
      pauses.push_back(duration);
      return pauses.size() < count;
    };
    pauses.clear();
    veth_node::Follower follower{store, board, log, {.now = [this] { return now; }, .pause = pause}};
    follower.run();
  }

  cluster::Directory directory() {
    return board.read([](const cluster::Directory& shared, const auto&) { return shared; });
  }
  veth_node::Status status() {
    return board.read([](const auto&, const veth_node::Status& shared) { return shared; });
  }

  cluster::Changes change(const std::string& key, const std::string& revision) {
    return {.changes = {{.item = {.key = key, .value = some_node, .revision = revision}}}, .revision = revision};
  }

  test::TemporaryDirectory folder;
  test::FakeStore store;
  veth_node::Board board;
  veth_node::Log log{folder.path() + "/log"};
  std::chrono::steady_clock::time_point now{1h};
  std::vector<std::chrono::milliseconds> pauses;
};

TEST_F(FollowerTest, ListsAndFollowsChanges) {
  store.put("nodes/a", some_node);
  store.watched = {change("nodes/b", "7"), {.revision = "7"}};
  run(2);
  EXPECT_THAT(directory().nodes, SizeIs(2));
  EXPECT_EQ(status().revision, "7");
  EXPECT_TRUE(status().is_loaded);
}

TEST_F(FollowerTest, ContinuesAfterTheLastChangeWithoutAList) {
  store.watched = {change("nodes/b", "7")};
  run(3);
  EXPECT_THAT(store.requests, ElementsAre("list ", "watch 1", "watch 7", "watch 7"));
}

TEST_F(FollowerTest, ContinuesAfterASnapshot) {
  board.change([](cluster::Directory&, veth_node::Status& shared) { shared.revision = "5"; });
  run(1);
  EXPECT_THAT(store.requests, ElementsAre("watch 5"));
}

TEST_F(FollowerTest, ListsAgainAfterACompaction) {
  store.is_compacted = true;
  run(2);
  EXPECT_THAT(store.requests, ElementsAre("list ", "watch 1", "list ", "watch 1"));
}

TEST_F(FollowerTest, KeepsTheDirectoryWhenTheStoreIsAway) {
  store.put("nodes/a", some_node);
  run(1);
  store.before = [](const std::string&) { throw cni::Error{cni::ErrorCode::try_again_later, "away"}; };
  run(8);
  EXPECT_THAT(directory().nodes, SizeIs(1));
  EXPECT_FALSE(status().is_connected);
  EXPECT_EQ(status().failure, "away");
  EXPECT_EQ(pauses.front(), 400ms);
  EXPECT_EQ(pauses.back(), 15'000ms);
}

TEST_F(FollowerTest, KeepsWhatAListingHasLostForAMinute) {
  for (const auto* name : {"a", "b", "c"}) store.put("nodes/" + std::string{name}, some_node);
  store.put("blocks/p/000001", R"({"node":"a","machine":"m"})");
  store.put("blocks/p/000002", R"({"node":"b","machine":"m"})");
  run(1);
  store.items.erase("nodes/a");
  store.items.erase("blocks/p/000001");
  store.put("nodes/d", some_node);
  store.put("blocks/p/000002", R"({"node":"d","machine":"m"})");
  store.is_compacted = true;
  run(6);
  EXPECT_THAT(directory().nodes, SizeIs(4)) << "with the new node";
  EXPECT_EQ(directory().blocks.at({"p", 1}), "a");
  EXPECT_EQ(directory().blocks.at({"p", 2}), "d") << "the new owner";
  EXPECT_TRUE(status().is_doubted);
  store.is_compacted = true;
  run(9);
  EXPECT_THAT(directory().nodes, SizeIs(3));
  EXPECT_THAT(directory().blocks, SizeIs(1));
  EXPECT_FALSE(status().is_doubted);
}

TEST_F(FollowerTest, BelievesAgainWhenTheNodesAreBack) {
  for (const auto* name : {"a", "b", "c"}) store.put("nodes/" + std::string{name}, some_node);
  run(1);
  const auto all = store.items;
  store.items.clear();
  store.is_compacted = true;
  store.before = [&](const std::string& request) {
    if (request == "list " && pauses.size() == 4) store.items = all;
  };
  run(6);
  EXPECT_THAT(directory().nodes, SizeIs(3));
  EXPECT_FALSE(status().is_doubted);
}

TEST_F(FollowerTest, CountsIgnoredEntries) {
  store.put("nodes/a", "{");
  run(1);
  EXPECT_EQ(status().ignored_entries, 1U);
}

}  // namespace
