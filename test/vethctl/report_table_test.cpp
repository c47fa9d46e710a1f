#include "plugin/vethctl/report/style.hpp"
#include "plugin/vethctl/report/table.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Table, FitsTheColumnsToTheirCells) {
  EXPECT_EQ(report::table({{"A", "LONG"}, {"abc", "d"}}, 80), "A    LONG\nabc  d\n");
}

TEST(Table, WrapsTheWidestColumn) {
  EXPECT_EQ(report::table({{"A", "B"}, {"abcdefgh", "ij"}}, 9), "A      B\nabcde  ij\nfgh\n");
}

TEST(Table, WrapsTheSparedColumnLast) {
  const std::vector<std::vector<std::string>> rows{{"A", "B"}, {"abcdefgh", "ijklmn"}};
  EXPECT_EQ(report::table(rows, 14, 0), "A         B\nabcdefgh  ijkl\n          mn\n");
}

TEST(Table, WrapsAtSpacesAndSeparators) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(report::wrapped_lines("10.1.2.3/24 fd00::1/64", 12), (Lines{"10.1.2.3/24", "fd00::1/64"}));
  EXPECT_EQ(report::wrapped_lines("10.1.2.3/24 fd00::1/64", 11), (Lines{"10.1.2.3/24", "fd00::1/64"}));
  EXPECT_EQ(report::wrapped_lines("/run/netns/cni-0c1e", 14), (Lines{"/run/netns/", "cni-0c1e"}));
  EXPECT_EQ(report::wrapped_lines("abcdef", 4), (Lines{"abcd", "ef"}));
  EXPECT_EQ(report::wrapped_lines("äöüäöü", 4), (Lines{"äöüä", "öü"}));
  EXPECT_EQ(report::wrapped_lines("", 4), Lines{""});
}

TEST(Table, DoesNotCountStyles) {
  const auto red = [](const char* text) { return report::styled(report::Style::red, text); };
  EXPECT_EQ(report::table({{"A", "B"}, {red("abcdef"), "x"}}, 80), "A       B\n" + red("abcdef") + "  x\n");
  EXPECT_EQ(report::table({{red("abcdef"), "x"}}, 7), red("abcd") + "  x\n" + red("ef") + "\n");
}

TEST(Table, HasHeadingsIfTheyAreWanted) {
  const std::vector<std::vector<std::string>> rows{{"A"}, {"x"}};
  EXPECT_EQ(report::formatted_table(rows, {.has_headings = false}), "x\n");
  EXPECT_EQ(report::formatted_table(rows, {.is_coloured = true}), report::styled(report::Style::bold, "A") + "\nx\n");
}

TEST(Table, IsPrintedAsRecordsIfItsTitlesDoNotFit) {
  const std::vector<std::vector<std::string>> rows{{"CONTAINER", "ADDRESSES"}, {"a", "10.1.2.3"}, {"b", "fd00::2"}};
  EXPECT_EQ(report::formatted_table(rows, {.width = 19}),
            "CONTAINER  a\nADDRESSES  10.1.2.3\n\nCONTAINER  b\nADDRESSES  fd00::2\n");
  EXPECT_EQ(report::formatted_table(rows, {.width = 20}),
            "CONTAINER  ADDRESSES\na          10.1.2.3\nb          fd00::2\n");
}

TEST(Table, CountsCharactersAndNotBytes) {
  EXPECT_EQ(report::table({{"NAME", "X"}, {"größe…", "1"}, {"abcdef", "2"}}, 80), "NAME    X\ngröße…  1\nabcdef  2\n");
  EXPECT_EQ(report::table({{"ääääääää"}}, 5), "äääää\näää\n");
}

TEST(Table, ReplacesControlCharacters) {
  EXPECT_EQ(report::table({{"\x1b[2J", "a\nb"}, {"\xff", "c"}}, 80), "\ufffd[2J  a\ufffdb\n\ufffd     c\n");
}

TEST(Table, CanBeEmpty) { EXPECT_EQ(report::table({}, 80), ""); }

}  // namespace
