#include "plugin/posix/system_error.hpp"

#include <cerrno>
#include <utility>

#include <gtest/gtest.h>

namespace {

TEST(SystemError, SaysWhatWasDoneAndWhyItFailed) {
  const auto error = posix::system_error(EACCES, "open \"/run/x\"");
  EXPECT_STREQ(error.what(), "open \"/run/x\": Permission denied");
  EXPECT_EQ(error.code().value(), EACCES);
}

TEST(SystemError, TakesTheErrnoOfTheCall) {
  errno = ENOSPC;
  try {
    posix::throw_errno("write");
  } catch (const std::system_error& error) {
    EXPECT_STREQ(error.what(), "write: No space left on device");
  }
}

TEST(QuotedText, ShowsWhatCouldBeMistaken) {
  const std::pair<std::string, std::string> cases[] = {{"", R"("")"},
                                                       {"/run/x", R"("/run/x")"},
                                                       {"a\"b\\c", R"("a\"b\\c")"},
                                                       {"a\nb\x1b\x7f", R"("a\x0ab\x1b\x7f")"},
                                                       {std::string{"a\0b", 3}, R"("a\x00b")"},
                                                       {"\xc3\xa9", "\"\xc3\xa9\""}};
  for (const auto& [text, quoted] : cases) EXPECT_EQ(posix::quoted(text), quoted);
}

TEST(QuotedText, IsCutAfter256Bytes) {
  EXPECT_EQ(posix::quoted(std::string(256, 'x')), '"' + std::string(256, 'x') + '"');
  EXPECT_EQ(posix::quoted(std::string(257, 'x')), '"' + std::string(256, 'x') + "...\"");
}

}  // namespace
