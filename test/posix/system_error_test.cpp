#include "plugin/posix/system_error.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace {

TEST(SystemError, ContainsTheActAndTheReason) {
  const auto error = posix::system_error(EACCES, "open \"/run/x\"");
  EXPECT_STREQ(error.what(), "open \"/run/x\": Permission denied");
  EXPECT_EQ(error.code().value(), EACCES);
}

TEST(SystemError, ContainsTheErrnoOfTheCall) {
  errno = ENOSPC;
  try {
    posix::throw_errno("write");
  } catch (const std::system_error& error) {
    EXPECT_STREQ(error.what(), "write: No space left on device");
  }
}

}  // namespace
