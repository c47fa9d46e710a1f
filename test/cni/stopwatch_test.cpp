#include "plugin/cni/stopwatch.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using cni::Stopwatch;

TEST(Stopwatch, StoresNothingBeforeItIsStarted) {
  Stopwatch stopwatch;
  stopwatch.lap("a");
  EXPECT_FALSE(stopwatch.is_running());
  EXPECT_TRUE(stopwatch.steps().empty());
  EXPECT_EQ(stopwatch.total(), 0ns);
}

TEST(Stopwatch, MeasuresEachStep) {
  Stopwatch stopwatch;
  stopwatch.start();
  std::this_thread::sleep_for(2ms);
  stopwatch.lap("slow");
  stopwatch.lap("fast");
  ASSERT_EQ(stopwatch.steps().size(), 2U);
  EXPECT_EQ(stopwatch.steps()[0].name, "slow");
  EXPECT_GE(stopwatch.steps()[0].duration, 2ms);
  EXPECT_LT(stopwatch.steps()[1].duration, stopwatch.steps()[0].duration);
  EXPECT_EQ(stopwatch.total(), stopwatch.steps()[0].duration + stopwatch.steps()[1].duration);
}

TEST(Stopwatch, AddsUpRepeatedSteps) {
  Stopwatch stopwatch;
  stopwatch.start();
  for (const char* step : {"a", "b", "a"}) stopwatch.lap(step);
  EXPECT_EQ(stopwatch.steps().size(), 2U);
}

TEST(Stopwatch, MayBeNull) { EXPECT_NO_THROW(cni::lap(nullptr, "a")); }

}  // namespace
