#include "plugin/text/quoted.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace {

TEST(Quoted, EscapesControlCharactersAndQuotes) {
  const std::pair<std::string, std::string> cases[] = {{"", R"("")"},
                                                       {"/run/x", R"("/run/x")"},
                                                       {"eth0 \xc3\xbc", "\"eth0 \xc3\xbc\""},
                                                       {"a\"b\\c", R"("a\"b\\c")"},
                                                       {"a\nb\x1b[31m\x7f", R"("a\x0ab\x1b[31m\x7f")"},
                                                       {std::string{"a\0b", 3}, R"("a\x00b")"}};
  for (const auto& [given, expected] : cases) EXPECT_EQ(text::quoted(given), expected);
}

TEST(Quoted, IsTruncatedAfter256Bytes) {
  EXPECT_EQ(text::quoted(std::string(256, 'x')), '"' + std::string(256, 'x') + '"');
  EXPECT_EQ(text::quoted(std::string(257, 'x')), '"' + std::string(256, 'x') + "...\"");
}

TEST(Printable, IsTheSameWithoutQuotes) {
  EXPECT_EQ(text::printable("a\n\"b\""), R"(a\x0a\"b\")");
  EXPECT_EQ(text::printable(std::string(257, 'x')), std::string(256, 'x') + "...");
}

}  // namespace
