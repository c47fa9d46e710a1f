#include "plugin/text/hash.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

namespace {

/// Test vectors of http://www.isthe.com/chongo/src/fnv/test_fnv.c
TEST(Fnv1a, ReturnsThePublishedValues) {
  const std::pair<std::string_view, std::uint64_t> cases[] = {
      {"", 0xcbf29ce484222325U}, {"a", 0xaf63dc4c8601ec8cU}, {"foobar", 0x85944171f73967e8U}};
  for (const auto& [bytes, value] : cases) EXPECT_EQ(text::fnv1a(bytes), value) << bytes;
}

TEST(Fnv1a, ContinuesWithFurtherBytes) {
  text::Fnv1a hash;
  hash.add("foo");
  hash.add("bar");
  EXPECT_EQ(hash.value(), text::fnv1a("foobar"));
}

/// fmix64 of https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
TEST(Fmix64, IsTheFinaliserOfMurmurHash3) {
  EXPECT_EQ(text::fmix64(0), 0U);
  EXPECT_EQ(text::fmix64(1), 0xb456bcfc34c2cb2cU);
}

}  // namespace
