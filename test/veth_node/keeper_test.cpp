#include "plugin/veth_node/keeper.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/veth_node/claim.hpp"
#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"
#include "test/veth_node/fake_store.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

const cluster::Owner self{"a", "machine-a"};
const cluster::Owner stranger{"b", "machine-b"};

class KeeperTest : public testing::Test {
 protected:
  cluster::Directory directory() { return cluster::read_directory(store.list("").items, {}).directory; }

  void keep(std::chrono::minutes after = 0min) { keeper.keep(directory(), start + after); }

  /// The addresses of a block are in use.
  void use(std::uint32_t index, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      auto address = cluster::block_prefixes(pool, index).front().address;
      address.bits += i;
      taken.insert(address);
    }
  }

  std::uint32_t first_index() const {
    return veth_node::first_index({.owner = self, .pool_name = "p", .pool = pool, .of_others = {}});
  }

  void own(std::uint32_t index, const cluster::Owner& owner) {
    store.put(cluster::block_key({"p", index}), to_json(owner));
  }

  std::string owner_of(std::uint32_t index) {
    const auto found = store.items.find(cluster::block_key({"p", index}));
    return found == store.items.end() ? "" : cluster::read_owner(found->second.value).node;
  }

  test::TemporaryDirectory folder;
  test::FakeStore store;
  std::set<cni::IpAddress> taken;
  std::map<cluster::BlockId, std::string> known;
  veth_node::Log log{folder.path() + "/log"};
  cluster::Pool pool = cluster::read_pool(R"({"cidrs":["10.0.0.0/18","fd00::/64"],"blockBits":6})");
  veth_node::BlockFiles files{folder.path() + "/blocks"};
  veth_node::Member member{
      .owner = self,
      .node = {.addresses = {*cni::find_address("192.0.2.1")}, .machine = self.machine, .pod_networks = {}},
      .pools = {{"p", pool}},
      .pool = "p"};
  veth_node::Keeper::Views views{.taken = [this] { return taken; }, .owners = [this] { return known; }};
  veth_node::Keeper keeper{store, files, member, views, log};
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

TEST_F(KeeperTest, JoinsWithItsEntryAndItsPools) {
  keeper.join();
  EXPECT_EQ(directory().nodes.at("a"), member.node);
  EXPECT_EQ(directory().pools.at("p"), pool);
  store.requests.clear();
  keeper.join();
  EXPECT_THAT(store.requests, ElementsAre("find nodes/a", "create pools/p"));
}

TEST_F(KeeperTest, ReplacesItsEntry) {
  auto old = member.node;
  old.addresses = {*cni::find_address("192.0.2.9")};
  store.put("nodes/a", to_json(old));
  keeper.join();
  EXPECT_EQ(directory().nodes.at("a"), member.node);
}

TEST_F(KeeperTest, RefusesTheNameOfAnotherMachine) {
  auto other = member.node;
  other.machine = "other";
  store.put("nodes/a", to_json(other));
  EXPECT_EQ(test::error_text([&] { keeper.join(); }),
            "101: another machine has the node name \"a\" in the store: machine ID \"other\", that of this machine is "
            "\"machine-a\"");
  EXPECT_EQ(directory().nodes.at("a"), other);
}

TEST_F(KeeperTest, RefusesAChangedPool) {
  store.put("pools/p", R"({"cidrs":["10.0.0.0/16"],"blockBits":6})");
  EXPECT_THAT(test::error_text([&] { keeper.join(); }), HasSubstr(R"(7: pool "p" is {"cidrs":["10.0.0.0/16"])"));
}

TEST_F(KeeperTest, ClaimsTheFirstBlockAndWritesItsFile) {
  keep();
  const auto blocks = files.list("p");
  ASSERT_THAT(blocks, SizeIs(1));
  EXPECT_EQ(owner_of(*blocks.begin()), "a");
  EXPECT_EQ(files.find({"p", *blocks.begin()}), cluster::block_prefixes(pool, *blocks.begin()));
}

TEST_F(KeeperTest, DoesNotClaimWhatAnotherNodeHadBeforeTheStoreWasRestored) {
  known = {{{"p", first_index()}, "b"}, {{"p", (first_index() + 1) % 256}, "a"}};
  EXPECT_EQ(keeper.claim("p").index, (first_index() + 1) % 256);
  EXPECT_EQ(owner_of(first_index()), "");
}

TEST_F(KeeperTest, ClaimsOneBlockForManyThatFoundAllFull) {
  EXPECT_TRUE(keeper.claim_beyond(0, "p"));
  EXPECT_EQ(keeper.claim_beyond(0, "p"), std::nullopt) << "another process has claimed meanwhile";
  EXPECT_TRUE(keeper.claim_beyond(1, "p"));
  EXPECT_EQ(files.list("p").size(), 2U);
}

TEST_F(KeeperTest, ClaimsAheadWhenFewAddressesAreFree) {
  const auto first = keeper.claim("p");
  use(first.index, 48);
  keep();
  EXPECT_THAT(files.list("p"), SizeIs(1));
  use(first.index, 49);
  keep();
  EXPECT_THAT(files.list("p"), SizeIs(2));
  keep();
  EXPECT_THAT(files.list("p"), SizeIs(2));
}

TEST_F(KeeperTest, ReleasesTheLastEmptyBlockAfterHalfAnHour) {
  const std::set<std::uint32_t> claimed{keeper.claim("p").index, keeper.claim("p").index, keeper.claim("p").index};
  keep();
  keep(29min);
  EXPECT_EQ(files.list("p"), claimed);
  keep(30min);
  EXPECT_EQ(files.list("p"), (std::set{*claimed.begin(), *std::next(claimed.begin())}));
  EXPECT_EQ(owner_of(*claimed.rbegin()), "");
  keep(60min);
  keep(90min);
  EXPECT_THAT(files.list("p"), ElementsAre(*claimed.begin()));
}

TEST_F(KeeperTest, CountsTheTimeFromTheLastUse) {
  const std::set<std::uint32_t> claimed{keeper.claim("p").index, keeper.claim("p").index};
  keep();
  use(*claimed.rbegin(), 1);
  keep(10min);
  taken.clear();
  keep(20min);
  keep(49min);
  EXPECT_EQ(files.list("p"), claimed);
  keep(50min);
  EXPECT_THAT(files.list("p"), SizeIs(1));
}

TEST_F(KeeperTest, DoesNotReleaseABlockInUse) {
  const auto block = keeper.claim("p");
  use(block.index, 1);
  EXPECT_FALSE(keeper.release(block));
  EXPECT_THAT(files.list("p"), ElementsAre(block.index));
  EXPECT_EQ(owner_of(block.index), "a");
}

TEST_F(KeeperTest, KeepsItsBlocksIfTheStoreIsAway) {
  const auto block = keeper.claim("p");
  store.before = [](const std::string&) { throw cni::Error{cni::ErrorCode::try_again_later, "no answer"}; };
  EXPECT_THAT(test::error_text([&] { keeper.release(block); }), HasSubstr("no answer"));
  EXPECT_THAT(files.list("p"), ElementsAre(block.index));
}

TEST_F(KeeperTest, DoesNotUseABlockWhoseReleaseHasAnUnknownOutcome) {
  const auto block = keeper.claim("p");
  store.after = [](const std::string& request) {
    if (request.starts_with("remove")) throw cni::Error{cni::ErrorCode::try_again_later, "no answer"};
  };
  EXPECT_THAT(test::error_text([&] { keeper.release(block); }), HasSubstr("no answer"));
  EXPECT_THAT(files.list("p"), IsEmpty());
  store.after = nullptr;
  own(block.index, stranger);  // another node is faster
  keep();
  EXPECT_FALSE(files.list("p").contains(block.index));
}

TEST_F(KeeperTest, UsesABlockAgainWhoseReleaseDidNotHappen) {
  const auto block = keeper.claim("p");
  store.before = [](const std::string& request) {
    if (request.starts_with("remove")) throw cni::Error{cni::ErrorCode::try_again_later, "no answer"};
  };
  EXPECT_NE(test::error_text([&] { keeper.release(block); }), "");
  store.before = nullptr;
  keep();
  EXPECT_THAT(files.list("p"), ElementsAre(block.index));
  EXPECT_EQ(owner_of(block.index), "a");
}

TEST_F(KeeperTest, WritesTheFileOfAnInterruptedClaim) {
  own(7, self);
  keep();
  EXPECT_THAT(files.list("p"), ElementsAre(7U));
}

TEST_F(KeeperTest, ReplacesAFileThatCannotBeRead) {
  const auto block = keeper.claim("p");
  std::filesystem::resize_file(files.root() + "/p/" + cluster::block_name(block.index), 3);
  keep();
  EXPECT_EQ(files.find(block), cluster::block_prefixes(pool, block.index));
}

TEST_F(KeeperTest, DoesNotTakeTheBlocksOfAnotherMachineWithItsName) {
  own(7, {self.node, "other"});
  keep();
  EXPECT_FALSE(files.list("p").contains(7));
}

TEST_F(KeeperTest, ClaimsItsBlocksAgainFromARestoredStore) {
  const auto block = keeper.claim("p");
  store.items.clear();
  keep();
  EXPECT_EQ(owner_of(block.index), "a");
  EXPECT_THAT(files.list("p"), ElementsAre(block.index));
  EXPECT_TRUE(directory().nodes.contains("a"));
  EXPECT_TRUE(directory().pools.contains("p"));
}

TEST_F(KeeperTest, QuarantinesABlockThatAnotherNodeOwns) {
  const auto block = keeper.claim("p");
  use(block.index, 3);
  own(block.index, stranger);
  keep();
  EXPECT_FALSE(files.list("p").contains(block.index));
  EXPECT_THAT(files.list_hidden("p"), ElementsAre(block.index));
  EXPECT_THAT(keeper.quarantined(), ElementsAre(block));
  EXPECT_EQ(owner_of(block.index), "b");
  keep();
  EXPECT_THAT(keeper.quarantined(), ElementsAre(block));
  taken.clear();
  keep();
  EXPECT_THAT(keeper.quarantined(), IsEmpty());
  EXPECT_THAT(files.list_hidden("p"), IsEmpty());
}

TEST_F(KeeperTest, TakesAQuarantinedBlockBackWhenItsOwnerIsGone) {
  const auto block = keeper.claim("p");
  use(block.index, 3);
  own(block.index, stranger);
  keep();
  store.items.erase(cluster::block_key(block));
  keep();
  EXPECT_TRUE(files.list("p").contains(block.index));
  EXPECT_EQ(owner_of(block.index), "a");
  EXPECT_THAT(keeper.quarantined(), IsEmpty());
}

TEST_F(KeeperTest, RefusesToClaimFromAChangedPool) {
  keeper.claim("p");
  auto changed = member;
  changed.pools["p"].prefixes.front() = *cni::find_prefix("10.64.0.0/18");
  veth_node::Keeper other{store, files, changed, views, log};
  EXPECT_THAT(test::error_text([&] { other.claim("p"); }), HasSubstr("7: pool \"p\" was changed: block "));
}

TEST_F(KeeperTest, GivesTheBlockBackWhoseFileCannotBeWritten) {
  std::filesystem::create_directories(files.root() + "/p");
  const auto index = first_index();
  // A directory with the name of the block: the file cannot replace it.
  std::filesystem::create_directories(files.root() + "/p/" + cluster::block_name(index) + "/x");
  EXPECT_NE(test::error_text([&] { keeper.claim("p"); }), "");
  EXPECT_EQ(owner_of(index), "");
}

}  // namespace
