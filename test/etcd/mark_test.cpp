#include "plugin/etcd/mark.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

const cluster::Item put{.key = "/veth-cni/v1/nodes/a", .value = "1", .revision = "61"};

TEST(Mark, IsReadFromItsText) {
  const auto mark = etcd::mark_of(put);
  EXPECT_EQ(mark.revision, 61);
  EXPECT_EQ(etcd::parse_mark(etcd::to_string(mark)), mark);
  EXPECT_EQ(etcd::to_string({.revision = 61}), "61");
  EXPECT_EQ(etcd::parse_mark("61"), (etcd::Mark{.revision = 61}));
  EXPECT_EQ(etcd::parse_mark("x"), etcd::Mark{});
}

TEST(Mark, DiffersForEachChangeWithTheSameNumber) {
  for (const auto& [key, value] :
       {std::pair{"/veth-cni/v1/nodes/b", "1"}, {"/veth-cni/v1/nodes/a", "2"}, {"/veth-cni/v1/nodes/a", ""}}) {
    EXPECT_NE(etcd::mark_of({.key = key, .value = value, .revision = "61"}), etcd::mark_of(put));
  }
}

}  // namespace
