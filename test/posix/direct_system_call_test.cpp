#include "plugin/posix/direct_system_call.hpp"

#include <sys/syscall.h>

#include <array>
#include <cerrno>

#include <gtest/gtest.h>

namespace {

TEST(DirectSystemCall, ReturnsTheResult) { EXPECT_EQ(posix::direct_system_call(SYS_getpid, 0, 0, 0), ::getpid()); }

TEST(DirectSystemCall, PassesThreeArguments) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const char letter = 'x';
  EXPECT_EQ(posix::direct_system_call(SYS_write, ends[1], reinterpret_cast<long>(&letter), 1), 1);
  EXPECT_EQ(posix::direct_system_call(SYS_close, ends[0], 0, 0), 0);
  EXPECT_EQ(posix::direct_system_call(SYS_close, ends[1], 0, 0), 0);
}

TEST(DirectSystemCall, ReturnsTheErrorAndKeepsErrno) {
  errno = EXDEV;
  EXPECT_EQ(posix::direct_system_call(SYS_close, -1, 0, 0), -EBADF);
  EXPECT_TRUE(errno == EXDEV || !posix::keeps_errno);
}

}  // namespace
