#include "plugin/posix/byte_lock.hpp"

#include "plugin/posix/files.hpp"
#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <fcntl.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

namespace {

using posix::ByteLock;
using namespace std::chrono_literals;

/// One file, opened twice, as by two processes: OFD locks belong to open files, not to processes.
class ByteLocks : public testing::Test {
 protected:
  test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/locks";
  posix::FileDescriptor ours = posix::open_file(AT_FDCWD, path, O_RDWR | O_CREAT);
  posix::FileDescriptor theirs = posix::open_file(AT_FDCWD, path, O_RDWR);
};

TEST_F(ByteLocks, ExcludeOtherOpenFiles) {
  const auto lock = ByteLock::try_take(ours.get(), 7);
  ASSERT_TRUE(lock.has_value());
  EXPECT_FALSE(ByteLock::try_take(theirs.get(), 7).has_value());
}

TEST_F(ByteLocks, AreDetectedByOtherOpenFiles) {
  EXPECT_FALSE(ByteLock::is_any_taken(theirs.get(), 0, 100));
  const auto lock = ByteLock::try_take(ours.get(), 7);
  EXPECT_TRUE(ByteLock::is_any_taken(theirs.get(), 0, 100));
  EXPECT_FALSE(ByteLock::is_any_taken(theirs.get(), 8, 100)) << "another part of the file";
  EXPECT_FALSE(ByteLock::is_any_taken(ours.get(), 0, 100)) << "own locks are not reported";
}

TEST_F(ByteLocks, CoverOnlyOneByte) {
  constexpr std::uint64_t largest_offset = (std::uint64_t{1} << 63U) - 2;
  const auto lock = ByteLock::try_take(ours.get(), 7);
  for (const std::uint64_t other : {std::uint64_t{0}, std::uint64_t{6}, std::uint64_t{8}, largest_offset}) {
    EXPECT_TRUE(ByteLock::try_take(theirs.get(), other).has_value()) << other;
  }
}

TEST_F(ByteLocks, AreReleasedByTheDestructor) {
  { const auto lock = ByteLock::try_take(ours.get(), 7); }
  EXPECT_TRUE(ByteLock::try_take(theirs.get(), 7).has_value());
}

TEST_F(ByteLocks, CanBeMoved) {
  std::optional<ByteLock> second;
  {
    auto first = ByteLock::try_take(ours.get(), 7);
    second = std::move(first);
  }
  EXPECT_FALSE(ByteLock::try_take(theirs.get(), 7).has_value());
  second.reset();
  EXPECT_TRUE(ByteLock::try_take(theirs.get(), 7).has_value());
}

TEST_F(ByteLocks, AreReleasedWhenAnotherLockIsMovedIn) {
  auto first = ByteLock::try_take(ours.get(), 7);
  {
    auto second = ByteLock::try_take(ours.get(), 8);
    *first = std::move(*second);
  }
  EXPECT_TRUE(ByteLock::try_take(theirs.get(), 7).has_value());
  EXPECT_FALSE(ByteLock::try_take(theirs.get(), 8).has_value());
}

TEST_F(ByteLocks, AreWaitedForUntilTheTimeout) {
  const auto lock = ByteLock::try_take(ours.get(), 7);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(ByteLock::take(theirs.get(), 7, 5ms).has_value());
  EXPECT_GE(std::chrono::steady_clock::now() - start, 5ms);
}

TEST_F(ByteLocks, AreTakenWithoutATimeoutIfTheyAreFree) { EXPECT_TRUE(ByteLock::take(ours.get(), 7, 0ms).has_value()); }

TEST_F(ByteLocks, NeedAFileOpenForWriting) {
  const auto read_only = posix::open_file(AT_FDCWD, path, O_RDONLY);
  EXPECT_EQ(test::error_text([&] { ByteLock::try_take(read_only.get(), 7); }),
            "lock byte 7 of the lock file: Bad file descriptor");
}

}  // namespace
