// etcd 3.7.3 accepts the texts.
#include "plugin/etcd/requests.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

const std::string base64_key = "L3ZldGgtY25pL3YxL25vZGVzL2E=";  // /veth-cni/v1/nodes/a
const std::string base64_end = "L3ZldGgtY25pL3YxL25vZGVzMA==";  // /veth-cni/v1/nodes0
constexpr auto etcd_key = "/veth-cni/v1/nodes/a";

TEST(EtcdRequests, FindAKey) { EXPECT_EQ(etcd::find_key(etcd_key), R"({"key":")" + base64_key + R"("})"); }

TEST(EtcdRequests, ListTheFirstPageAndTheNextOnesOfTheSameRevision) {
  EXPECT_EQ(etcd::list_page({.prefix = "a/"}), R"({"key":"YS8=","range_end":"YTA=","limit":"500"})");
  EXPECT_EQ(etcd::list_page({.prefix = "a/", .after = "a/b", .revision = 7, .limit = 2}),
            R"({"key":"YS9iAA==","range_end":"YTA=","limit":"2","revision":"7"})");
}

TEST(EtcdRequests, CreateAKeyOrReadTheOnesFromItOnInItsFolder) {
  EXPECT_EQ(etcd::create_key(etcd_key, "{}", 64),
            R"({"compare":[{"key":")" + base64_key +
                R"(","target":"CREATE","create_revision":"0","result":"EQUAL"}],"success":[{"request_put":{"key":")" +
                base64_key + R"(","value":"e30="}}],"failure":[{"request_range":{"key":")" + base64_key +
                R"("}},{"request_range":{"key":")" + base64_key + R"(","range_end":")" + base64_end +
                R"(","limit":"64","keys_only":true}}]})");
}

TEST(EtcdRequests, ChangeAKeyOfARevision) {
  const auto condition =
      R"({"compare":[{"key":")" + base64_key + R"(","target":"MOD","mod_revision":"2","result":"EQUAL"}],"success":[{)";
  EXPECT_EQ(etcd::replace_key(etcd_key, "{}", "2"),
            condition + R"("request_put":{"key":")" + base64_key + R"(","value":"e30="}}]})");
  EXPECT_EQ(etcd::remove_key(etcd_key, "2"),
            condition + R"("request_delete_range":{"key":")" + base64_key + R"("}}]})");
}

TEST(EtcdRequests, WatchAPrefix) {
  EXPECT_EQ(etcd::watch_prefix("a/", 8),
            R"({"create_request":{"key":"YS8=","range_end":"YTA=","start_revision":"8"}})");
}

TEST(EtcdRequests, EscapePasswords) {
  EXPECT_EQ(etcd::authenticate("root", "a\"b"), R"({"name":"root","password":"a\"b"})");
}

TEST(EndOf, IsTheFirstKeyAfterThoseWithThePrefix) {
  EXPECT_EQ(etcd::end_of("a/"), "a0");
  EXPECT_EQ(etcd::end_of("a\xff\xff"), "b");
  EXPECT_EQ(etcd::end_of("\xff"), std::string(1, '\0'));
  EXPECT_EQ(etcd::end_of(""), std::string(1, '\0'));
}

}  // namespace
