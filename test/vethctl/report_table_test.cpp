#include "plugin/vethctl/report/table.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Table, FitsTheColumnsToTheirCells) {
  EXPECT_EQ(report::table({{"A", "LONG"}, {"abc", "d"}}, 80), "A    LONG\nabc  d\n");
}

TEST(Table, TruncatesTheWidestColumn) {
  EXPECT_EQ(report::table({{"A", "B"}, {"abcdefgh", "ij"}}, 9), "A      B\nabcd…  ij\n");
}

TEST(Table, TruncatesTheSparedColumnLast) {
  const std::vector<std::vector<std::string>> rows{{"A", "B"}, {"abcdefgh", "ijklmn"}};
  EXPECT_EQ(report::table(rows, 14, 0), "A         B\nabcdefgh  ijk…\n");
}

TEST(Table, CountsCharactersAndNotBytes) {
  EXPECT_EQ(report::table({{"NAME", "X"}, {"größe…", "1"}, {"abcdef", "2"}}, 80), "NAME    X\ngröße…  1\nabcdef  2\n");
  EXPECT_EQ(report::table({{"ääääääää"}}, 5), "ääää…\n");
}

TEST(Table, ReplacesControlCharacters) {
  EXPECT_EQ(report::table({{"\x1b[2J", "a\nb"}, {"\xff", "c"}}, 80), "\ufffd[2J  a\ufffdb\n\ufffd     c\n");
}

TEST(Table, CanBeEmpty) { EXPECT_EQ(report::table({}, 80), ""); }

}  // namespace
