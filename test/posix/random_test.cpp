#include "plugin/posix/random.hpp"

#include <gtest/gtest.h>

namespace {

TEST(RandomNumber, DiffersEachTime) { EXPECT_NE(posix::random_number(), posix::random_number()); }

}  // namespace
