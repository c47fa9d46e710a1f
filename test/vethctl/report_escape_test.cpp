#include "plugin/vethctl/report/escape.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Clean, KeepsText) {
  for (const char* text : {"", "plain", "größe …", "\u65e5\u672c", "\U0001f600"}) EXPECT_EQ(report::clean(text), text);
}

TEST(Clean, ReplacesInvalidUtf8AndControlCharacters) {
  const char* const texts[] = {"\xff", "\x80", "\xc0", "\xe2", "\xf5", "\x01", "\x1b", "\x7f", "\n"};
  for (const char* text : texts) EXPECT_EQ(report::clean(text), "\ufffd") << static_cast<int>(*text);
  EXPECT_EQ(report::clean("\xc2\x9b"), "\ufffd\ufffd") << "a control character of two bytes";
  EXPECT_EQ(report::clean("\xed\xa0\x80"), "\ufffd\ufffd\ufffd") << "half of a surrogate pair";
  EXPECT_EQ(report::clean("\xe0\x80\xaf"), "\ufffd\ufffd\ufffd") << "an overlong form";
  EXPECT_EQ(report::clean("\xf4\x90\x80\x80"), "\ufffd\ufffd\ufffd\ufffd") << "beyond the last character";
}

TEST(Escape, FollowsTheRulesOfEachFormat) {
  const std::string text = "<a> & \"b\" 'c' \\ #d `e`\nf";
  EXPECT_EQ(report::xml("<a> & \"b\" 'c'"), "&lt;a&gt; &amp; &quot;b&quot; &apos;c&apos;");
  EXPECT_EQ(report::dot_string(text), R"("<a> & \"b\" 'c' \\ #d `e`\nf")");
  EXPECT_EQ(report::mermaid_string(text), R"("#lt;a#gt; #amp; #quot;b#quot; 'c' \ #35;d #96;e#96;<br/>f")");
}

TEST(CleanText, KeepsNewlinesAndNoOtherControlCharacters) {
  EXPECT_EQ(report::clean_text("a\x1b[2J\nb\r\n\n"), "a\ufffd[2J\nb\ufffd\n\n");
}

}  // namespace
