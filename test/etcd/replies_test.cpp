// The texts are recorded from etcd 3.7.3; those of 3.4 have the same form.
#include "plugin/etcd/replies.hpp"

#include "test/support/error_text.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string header =
    R"({"cluster_id":"14841639068965178418","member_id":"10276657743932975437","revision":"3","raft_term":"2"})";
const std::string stored_kv =
    R"({"key":"L3ZldGgtY25pL3YxL25vZGVzL2E=","create_revision":"2","mod_revision":"3","version":"2","value":"eyJhIjoxfQ=="})";
const cluster::Item stored_item{.key = "/veth-cni/v1/nodes/a", .value = R"({"a":1})", .revision = "3"};

std::string answer_with(const std::string& members) { return R"({"header":)" + header + members + '}'; }
std::string line_with(const std::string& members) { return R"({"result":)" + answer_with(members) + '}'; }

TEST(ReadRange, ReadsItems) {
  const auto range = etcd::read_range(answer_with(R"(,"kvs":[)" + stored_kv + R"(],"count":"1")"));
  EXPECT_EQ(range, (etcd::Range{.items = {stored_item}, .revision = 3}));
}

TEST(ReadRange, ReadsNoneAndMore) {
  EXPECT_EQ(etcd::read_range(answer_with("")), (etcd::Range{.revision = 3}));
  EXPECT_TRUE(etcd::read_range(answer_with(R"(,"kvs":[],"more":true,"count":"7")")).has_more);
}

TEST(ReadTransaction, ReadsASuccess) {
  const auto text = answer_with(R"(,"succeeded":true,"responses":[{"response_put":{"header":{"revision":"2"}}}])");
  EXPECT_EQ(etcd::read_transaction(text), (etcd::Transaction{.succeeded = true}));
}

TEST(ReadTransaction, ReadsWhatPreventsACreation) {
  const auto range = R"({"response_range":{"header":{"revision":"2"},"kvs":[)" + stored_kv + R"(],"count":"1"}})";
  const auto transaction = etcd::read_transaction(answer_with(R"(,"responses":[)" + range + ',' + range + ']'));
  EXPECT_FALSE(transaction.succeeded);
  ASSERT_EQ(transaction.ranges.size(), 2U);
  EXPECT_THAT(transaction.ranges[0].items, ElementsAre(stored_item));
}

TEST(ReadTransaction, ReadsAFailureWithoutMembers) {
  EXPECT_EQ(etcd::read_transaction(answer_with("")), etcd::Transaction{});
}

TEST(ReadWatchLine, ReadsTheBeginning) {
  EXPECT_EQ(etcd::read_watch_line(line_with(R"(,"created":true)")),
            (etcd::WatchLine{.revision = 3, .is_created = true}));
}

TEST(ReadWatchLine, ReadsChangesAndRemovals) {
  const auto line = etcd::read_watch_line(
      line_with(R"(,"events":[{"kv":)" + stored_kv +
                R"(},{"type":"DELETE","kv":{"key":"L3ZldGgtY25pL3YxL25vZGVzL2E=","mod_revision":"4"}}])"));
  EXPECT_THAT(line.changes,
              ElementsAre(cluster::Change{.item = stored_item},
                          cluster::Change{.item = {.key = stored_item.key, .revision = "4"}, .removed = true}));
}

TEST(ReadWatchLine, ReadsACompaction) {
  const auto line = etcd::read_watch_line(
      R"({"result":{"header":{"cluster_id":"14841639068965178418","raft_term":"2"},"canceled":true,"compact_revision":"4"}})");
  EXPECT_EQ(line, (etcd::WatchLine{.is_canceled = true, .compacted_revision = 4}));
}

TEST(ReadWatchLine, ReadsARefusal) {
  const std::string reason = "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token";
  const auto line = etcd::read_watch_line(
      line_with(R"(,"watch_id":"-1","created":true,"canceled":true,"cancel_reason":")" + reason + '"'));
  EXPECT_EQ(line, (etcd::WatchLine{.is_created = true, .is_canceled = true, .reason = reason}));
}

TEST(ReadWatchLine, ReadsAnErrorOfTheGateway) {
  const auto line = etcd::read_watch_line(R"({"error":{"code":14,"message":"error reading from server: EOF"}})");
  EXPECT_EQ(line, (etcd::WatchLine{.is_canceled = true, .reason = "error reading from server: EOF"}));
}

TEST(EtcdReplies, RejectOtherTexts) {
  const auto item = [](const std::string& members) { return answer_with(R"(,"kvs":[{)" + members + "}]"); };
  const std::vector<std::string> others{"",
                                        "{",
                                        "[]",
                                        "{}",
                                        "null",
                                        "garbage",
                                        answer_with(R"(,"kvs":{})"),
                                        answer_with(R"(,"kvs":[7])"),
                                        item(R"("value":"e30=")"),
                                        item(R"("key":"?")"),
                                        item(R"("key":"YQ==","mod_revision":"x")"),
                                        item(R"("key":"YQ==","mod_revision":"-1")"),
                                        item(R"("key":"YQ==","mod_revision":7)"),
                                        item(R"("key":"YQ==","mod_revision":"99999999999999999999")"),
                                        R"({"header":{"revision":"0"}})"};
  for (const auto& other : others) {
    EXPECT_EQ(test::error_text([&] { etcd::read_range(other); }), "6: etcd sent an unexpected answer") << other;
    EXPECT_EQ(test::error_text([&] { etcd::read_watch_line(other); }), "6: etcd sent an unexpected answer") << other;
  }
}

TEST(EtcdReplies, RejectUnknownEvents) {
  for (const auto* event : {"{}", R"({"type":"RENAME","kv":{"key":"YQ=="}})", R"({"kv":{}})"}) {
    EXPECT_EQ(test::error_text([&] { etcd::read_watch_line(line_with(R"(,"events":[)" + std::string{event} + ']')); }),
              "6: etcd sent an unexpected answer")
        << event;
  }
}

TEST(ReadToken, ReadsIt) {
  EXPECT_EQ(etcd::read_token(answer_with(R"(,"token":"ydLTInXsvsVEhRvW.15")")), "ydLTInXsvsVEhRvW.15");
  EXPECT_EQ(test::error_text([] { etcd::read_token(answer_with("")); }), "6: etcd sent an unexpected answer");
}

TEST(ReadFailure, ReadsCodeAndMessage) {
  EXPECT_EQ(etcd::read_failure(R"({"code":16,"message":"etcdserver: invalid auth token"})"),
            (etcd::Failure{.code = 16, .message = "etcdserver: invalid auth token"}));
  // etcd 3.4 has both members.
  EXPECT_EQ(etcd::read_failure(R"({"error":"etcdserver: too many operations","code":3})"),
            (etcd::Failure{.code = 3, .message = "etcdserver: too many operations"}));
}

TEST(ReadFailure, AcceptsAnyText) {
  for (const auto* text : {"", "<html>", "{", "[]", R"({"code":"x"})", R"({"code":-1})", R"({"message":7})"}) {
    EXPECT_EQ(etcd::read_failure(text).code, 2U) << text;
  }
}

}  // namespace
