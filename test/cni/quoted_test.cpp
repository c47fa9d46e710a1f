#include "plugin/cni/quoted.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

TEST(Quoted, LeavesPlainTextAsItIs) { EXPECT_EQ(quoted("eth0 ü"), "\"eth0 ü\""); }

TEST(Quoted, EscapesWhatCouldForgeAMessage) {
  EXPECT_EQ(quoted("a\"b\\c\n\x1b[31m\x7f"), R"("a\"b\\c\x0a\x1b[31m\x7f")");
}

TEST(Quoted, IsCutAfter256Bytes) {
  EXPECT_EQ(printable(std::string(256, 'x')), std::string(256, 'x'));
  EXPECT_EQ(printable(std::string(257, 'x')), std::string(256, 'x') + "...");
}

}  // namespace
}  // namespace cni
