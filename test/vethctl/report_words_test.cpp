#include "plugin/vethctl/report/words.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Words, CutBeforeACharacterAndNeverWithinOne) {
  EXPECT_EQ(report::cut("größer", 6), "größer");
  EXPECT_EQ(report::cut("größer", 4), "grö…");
  EXPECT_EQ(report::width_of("grö…"), 4U);
}

TEST(Words, TellAnAgeByItsLargestUnit) {
  const std::pair<long, const char*> ages[] = {{0, "0s"},    {59, "59s"},      {60, "1m"},      {3599, "59m"},
                                               {3600, "1h"}, {172'799, "47h"}, {172'800, "2d"}, {8'640'000, "100d"}};
  for (const auto& [seconds, words] : ages) EXPECT_EQ(report::age_words(std::chrono::seconds{seconds}), words);
  EXPECT_EQ(report::age_words(std::nullopt), "-");
}

TEST(Words, NameANamespaceAsIpNetnsDoes) {
  EXPECT_EQ(report::namespace_words("/run/netns/blue"), "blue");
  EXPECT_EQ(report::namespace_words("/var/run/netns/blue"), "blue");
  EXPECT_EQ(report::namespace_words("/proc/42/ns/net"), "/proc/42/ns/net");
  EXPECT_EQ(report::namespace_words("/proc/self/ns/net"), "host");
  EXPECT_EQ(report::namespace_words(""), "-");
}

TEST(Words, ShortenTheIdOfAContainerAndNoOtherName) {
  EXPECT_EQ(report::container_words(std::string(64, 'a')), "aaaaaaaaaaaa");
  EXPECT_EQ(report::container_words(std::string(64, 'x')), std::string(64, 'x'));
  EXPECT_EQ(report::container_words("web"), "web");
}

}  // namespace
