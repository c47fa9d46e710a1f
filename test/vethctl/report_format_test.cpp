#include "plugin/vethctl/report/format.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Truncate, NeverSplitsACharacter) {
  EXPECT_EQ(report::truncate("größer", 6), "größer");
  EXPECT_EQ(report::truncate("größer", 4), "grö…");
  EXPECT_EQ(report::display_width("grö…"), 4U);
}

TEST(FormatAge, UsesTheLargestUnit) {
  const std::pair<long, const char*> ages[] = {{0, "0s"},    {59, "59s"},      {60, "1m"},      {3599, "59m"},
                                               {3600, "1h"}, {172'799, "47h"}, {172'800, "2d"}, {8'640'000, "100d"}};
  for (const auto& [seconds, words] : ages) EXPECT_EQ(report::format_age(std::chrono::seconds{seconds}), words);
  EXPECT_EQ(report::format_age(std::nullopt), "-");
}

TEST(FormatNamespace, UsesTheNamesOfIpNetns) {
  EXPECT_EQ(report::format_namespace("/run/netns/blue"), "blue");
  EXPECT_EQ(report::format_namespace("/var/run/netns/blue"), "blue");
  EXPECT_EQ(report::format_namespace("/proc/42/ns/net"), "/proc/42/ns/net");
  EXPECT_EQ(report::format_namespace("/proc/self/ns/net"), "host");
  EXPECT_EQ(report::format_namespace(""), "-");
}

TEST(FormatContainer, ShortensOnlyIds) {
  EXPECT_EQ(report::format_container(std::string(64, 'a')), "aaaaaaaaaaaa");
  EXPECT_EQ(report::format_container(std::string(64, 'x')), std::string(64, 'x'));
  EXPECT_EQ(report::format_container("web"), "web");
}

}  // namespace
