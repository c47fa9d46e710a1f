#include "plugin/vethctl/inspect/namespaces.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace {

TEST(NamespacePaths, ContainThoseOfProcesses) {
  const auto paths = inspect::namespace_paths();
  const auto own = "/proc/" + std::to_string(::getpid()) + "/ns/net";
  EXPECT_EQ(std::ranges::count(paths, own), 1);
  EXPECT_EQ(std::ranges::count(paths, "/proc/self/ns/net"), 0);
}

}  // namespace
