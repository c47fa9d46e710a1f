#include "plugin/vethctl/report/style.hpp"

#include <gtest/gtest.h>

namespace {

using report::Style;
using report::styled;

TEST(Style, BecomesEscapeSequences) {
  EXPECT_EQ(report::with_escape_sequences(styled(Style::red, "broken") + " x"), "\x1b[1;31mbroken\x1b[0m x");
  EXPECT_EQ(styled(Style::plain, "x"), "x");
  EXPECT_EQ(styled(Style::red, ""), "");
}

TEST(Style, IsFoundInAStyledText) {
  EXPECT_EQ(report::parse_styled(styled(Style::dim, "a")), (report::StyledText{Style::dim, "a"}));
  EXPECT_EQ(report::parse_styled("a"), (report::StyledText{Style::plain, "a"}));
}

TEST(Style, MarksTheSeveritiesOfFindings) {
  EXPECT_EQ(report::styled_severities("fault: a\n    fault: b\nwarnings\nnote: c"),
            styled(Style::red, "fault") + ": a\n    fault: b\nwarnings\n" + styled(Style::bold, "note") + ": c");
}

TEST(Ascii, HasTheSameWidth) { EXPECT_EQ(report::ascii("├─ lo…\n└─ größe \ufffd"), "|- lo~\n`- gr??e ?"); }

}  // namespace
