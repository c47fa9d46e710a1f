#include "plugin/text/joined.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

using Texts = std::vector<std::string>;

TEST(Joined, PutsTheSeparatorBetweenParts) {
  EXPECT_EQ(text::joined(Texts{}, ", "), "");
  EXPECT_EQ(text::joined(Texts{"a"}, ", "), "a");
  EXPECT_EQ(text::joined(Texts{"a", "b", "c"}, ", "), "a, b, c");
}

TEST(Joined, KeepsEmptyParts) { EXPECT_EQ(text::joined(Texts{"", "b", ""}, ","), ",b,"); }

TEST(Joined, CallsTheFunctionForEachPart) {
  EXPECT_EQ(text::joined(std::vector{1, 22}, "; ", [](int number) { return std::to_string(number); }), "1; 22");
  EXPECT_EQ(text::joined(std::vector<std::string_view>{"a", "b"}, " "), "a b");
}

TEST(Listed, CountsTheNamesThatAreNotShown) {
  EXPECT_EQ(text::listed({}, 2), "");
  EXPECT_EQ(text::listed({"a", "b"}, 2), "a, b");
  EXPECT_EQ(text::listed({"a", "b", "c"}, 2), "a, b and 1 more");
}

}  // namespace
