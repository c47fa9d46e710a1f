#include "plugin/cluster/entries.hpp"

#include "test/support/addresses.hpp"
#include "test/support/error_text.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

cluster::Change put(const std::string& key, const std::string& value) {
  return {.item = {.key = key, .value = value, .revision = "1"}};
}

cluster::Change removal(const std::string& key) { return {.item = {.key = key}, .removed = true}; }

const std::string node_a = R"({"addresses":["192.0.2.1","fd00:2::1"],"machine":"aa","podCIDRs":["10.244.1.0/24"]})";
const std::string pool_default = R"({"cidrs":["10.128.0.0/9","fd00:244::/48"],"blockBits":6})";
const std::string owner_a = R"({"node":"a","machine":"aa"})";

TEST(Entries, AreWrittenAsTheyAreRead) {
  EXPECT_EQ(to_json(cluster::read_node(node_a)), node_a);
  EXPECT_EQ(to_json(cluster::read_pool(pool_default)), pool_default);
  EXPECT_EQ(to_json(cluster::read_owner(owner_a)), owner_a);
}

TEST(Entries, NameTheEncapsulationOfANodeIfItIsNotTheUsualOne) {
  cluster::Node node = cluster::read_node(node_a);
  node.prefers_vxlan = true;
  EXPECT_EQ(cluster::read_node(to_json(node)), node);
}

TEST(Entries, HaveDefaults) {
  EXPECT_FALSE(cluster::read_node(node_a).prefers_vxlan);
  EXPECT_EQ(cluster::read_pool(R"({"cidrs":["10.128.0.0/9"]})").block_bits, 6);
  EXPECT_THAT(cluster::read_node(R"({"addresses":["192.0.2.1"]})").pod_networks, IsEmpty());
}

struct BadEntry {
  std::string key;
  std::string value;
  std::string message;
};

const BadEntry bad_entries[] = {
    {"nodes/a", R"({"addresses":[]})", "/addresses: must have an address"},
    {"nodes/a", R"({"addresses":["192.0.2.1","192.0.2.2"]})", "/addresses: must have at most one of each family"},
    {"nodes/a", R"({"addresses":["fd00::1","fd00::2"]})", "/addresses: must have at most one of each family"},
    {"nodes/a", R"({"addresses":["192.0.2.1"],"podCIDRs":["10.0.0.1/24"]})", "must be a network without host bits"},
    {"nodes/a", R"({"addresses":["192.0.2.1"],"podCIDRs":["10.0.0.0/8","10.1.0.0/24"]})", "must not overlap"},
    {"nodes/a", R"({"addresses":["192.0.2.1"],"podCIDRs":["fd00::/64","fd00::/80"]})", "must not overlap"},
    {"nodes/a", R"({"addresses":["192.0.)", "cannot be read as JSON"},
    {"nodes/a", "", "cannot be read as JSON"},
    {"nodes/a", "7", "must be an object"},
    {"nodes/.", node_a, "unknown key"},
    {"nodes/a/b", node_a, "unknown key"},
    {"pools/p", R"({"cidrs":[]})", "it has no CIDR"},
    {"pools/p", R"({"cidrs":["10.0.0.0/28"]})", "10.0.0.0/28 is smaller than a block"},
    {"pools/p", R"({"cidrs":["10.0.0.0/8","fd00::/124"]})", "fd00::/124 is smaller than a block"},
    {"pools/p", R"({"cidrs":["10.0.0.0/16","10.1.0.0/16"]})", "more than one CIDR of a family"},
    {"pools/p", R"({"cidrs":["10.0.0.0/8"],"blockBits":17})", "/blockBits"},
    {"blocks/p/00000a", R"({"node":""})", "/node"},
    {"blocks/p/00000a", R"({"node":"../x"})", "/node"},
    {"blocks/p/a", owner_a, "unknown key"},
    {"blocks/p/00000A", owner_a, "unknown key"},
    {"blocks/p/1000000", owner_a, "unknown key"},
    {"blocks/00000a", owner_a, "unknown key"},
    {"blocks/../00000a", owner_a, "unknown key"},
    {"leases/x", "{}", "unknown key"},
};

TEST(Apply, SkipsBadEntriesWithAMessage) {
  for (const auto& bad : bad_entries) {
    cluster::Directory directory;
    const auto messages = cluster::apply({put(bad.key, bad.value)}, directory);
    EXPECT_EQ(directory, cluster::Directory{}) << bad.key << bad.value;
    ASSERT_EQ(messages.size(), 1U) << bad.key << bad.value;
    EXPECT_THAT(messages.front(), HasSubstr("\"" + bad.key + "\" of the store is ignored: "));
    EXPECT_THAT(messages.front(), HasSubstr(bad.message));
  }
}

TEST(Apply, KeepsTheLastGoodEntry) {
  cluster::Directory directory;
  cluster::apply({put("nodes/a", node_a), put("blocks/p/00000a", owner_a)}, directory);
  const auto before = directory;
  EXPECT_EQ(cluster::apply({put("nodes/a", "{"), put("blocks/p/00000a", "{")}, directory).size(), 2U);
  EXPECT_EQ(directory, before);
}

TEST(Apply, AddsReplacesAndRemovesEntries) {
  cluster::Directory directory;
  EXPECT_THAT(cluster::apply({put("nodes/a", node_a), put("pools/p", pool_default), put("blocks/p/0000a3", owner_a),
                              put("blocks/p/0000a3", R"({"node":"b"})")},
                             directory),
              IsEmpty());
  EXPECT_EQ(directory.nodes.at("a"), cluster::read_node(node_a));
  EXPECT_EQ(directory.pools.at("p"), cluster::read_pool(pool_default));
  EXPECT_EQ(directory.blocks.at({"p", 0xa3}), "b");
  cluster::apply({removal("nodes/a"), removal("pools/p"), removal("blocks/p/0000a3"), removal("nodes/other")},
                 directory);
  EXPECT_EQ(directory, cluster::Directory{});
}

TEST(ReadDirectory, TakesBadEntriesFromTheLastOneAndForgetsMissingOnes) {
  cluster::Directory last;
  cluster::apply({put("nodes/a", node_a), put("nodes/gone", node_a), put("blocks/p/000001", owner_a)}, last);
  const auto read = cluster::read_directory({{.key = "blocks/p/000001", .value = "[]"},
                                             {.key = "nodes/a", .value = "{"},
                                             {.key = "nodes/new", .value = "{"},
                                             {.key = "nodes/b", .value = node_a}},
                                            last);
  EXPECT_EQ(read.messages.size(), 3U);
  EXPECT_EQ(read.directory.nodes.size(), 2U);
  EXPECT_EQ(read.directory.nodes.at("a"), last.nodes.at("a"));
  EXPECT_EQ(read.directory.blocks, last.blocks);
}

TEST(Keys, NameEntries) {
  EXPECT_EQ(cluster::node_key("a.b"), "nodes/a.b");
  EXPECT_EQ(cluster::pool_key("p"), "pools/p");
  EXPECT_EQ(cluster::block_key({"p", 0xa3}), "blocks/p/0000a3");
  EXPECT_EQ(cluster::find_block("blocks/p/ffffff"), (cluster::BlockId{"p", 0xffffff}));
}

TEST(Blocks, OfAPoolAreLimitedByTheirDigits) {
  const auto pool = cluster::read_pool(R"({"cidrs":["fd00:244::/48"],"blockBits":6})");
  EXPECT_EQ(cluster::count_blocks(pool), 1U << 24U);
  EXPECT_EQ(cluster::count_blocks(cluster::read_pool(pool_default)), 1U << 17U);
}

}  // namespace
