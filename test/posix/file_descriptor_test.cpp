#include "plugin/posix/file_descriptor.hpp"

#include <fcntl.h>

#include <utility>

#include <gtest/gtest.h>

namespace {

using posix::FileDescriptor;

FileDescriptor open_null() { return FileDescriptor{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }
bool is_open(int number) { return ::fcntl(number, F_GETFD) >= 0; }

TEST(FileDescriptor, IsInvalidByDefault) {
  const FileDescriptor none;
  EXPECT_FALSE(none);
  EXPECT_EQ(none.get(), -1);
}

TEST(FileDescriptor, IsClosedByTheDestructor) {
  int number = -1;
  {
    const auto file = open_null();
    number = file.get();
    ASSERT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(FileDescriptor, IsInvalidAfterClose) {
  auto file = open_null();
  const int number = file.get();
  file.close();
  EXPECT_FALSE(file);
  EXPECT_FALSE(is_open(number));
}

TEST(FileDescriptor, CanBeMoved) {
  auto first = open_null();
  const int number = first.get();
  const FileDescriptor second = std::move(first);
  EXPECT_EQ(second.get(), number);
  EXPECT_TRUE(is_open(number));
}

TEST(FileDescriptor, ClosesTheOldFileOnMoveAssignment) {
  auto kept = open_null();
  const int replaced = kept.get();
  {
    auto other = open_null();
    kept = std::move(other);
  }
  EXPECT_TRUE(is_open(kept.get()));
  EXPECT_FALSE(is_open(replaced));
}

}  // namespace
