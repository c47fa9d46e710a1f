#include "plugin/attachment/best_effort.hpp"

#include "plugin/posix/system_error.hpp"

#include <cerrno>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace {

using attachment::BestEffort;

void refuse(const std::string& act) { throw posix::system_error(EPERM, act); }

cni::Error failure_of(const BestEffort& effort) {
  try {
    effort.finish();
  } catch (const cni::Error& error) {
    return error;
  }
  return {static_cast<cni::ErrorCode>(0), "nothing was thrown"};
}

TEST(BestEffort, ThrowsNothingIfAllStepsSucceed) {
  BestEffort effort;
  EXPECT_TRUE(effort.attempt([] {}));
  EXPECT_NO_THROW(effort.finish());
}

TEST(BestEffort, RunsTheNextStepAfterAFailure) {
  BestEffort effort;
  bool was_reached = false;
  EXPECT_FALSE(effort.attempt([] { refuse("the first step"); }));
  EXPECT_TRUE(effort.attempt([&] { was_reached = true; }));
  EXPECT_TRUE(was_reached);
}

TEST(BestEffort, ThrowsASingleFailureUnchanged) {
  BestEffort effort;
  effort.attempt([] { throw cni::Error{static_cast<cni::ErrorCode>(4711), "a delegate's", "its details"}; });
  const auto error = failure_of(effort);
  EXPECT_EQ(error.code, 4711U);
  EXPECT_EQ(error.message, "a delegate's");
  EXPECT_EQ(error.details, "its details");
}

TEST(BestEffort, ReportsAnErrorOfTheSystem) {
  BestEffort effort;
  effort.attempt([] { refuse("delete link \"eth0\""); });
  const auto error = failure_of(effort);
  EXPECT_EQ(error.code, 100U);
  EXPECT_STREQ(error.what(), "delete link \"eth0\": Operation not permitted");
}

TEST(BestEffort, ReportsSeveralFailuresTogether) {
  BestEffort effort;
  effort.attempt([] { throw cni::Error{cni::ErrorCode::delegate_failed, "first", "why"}; });
  effort.attempt([] { refuse("second"); });
  effort.attempt([] { throw cni::Error{cni::ErrorCode::internal, "third", "how"}; });
  const auto error = failure_of(effort);
  EXPECT_EQ(error.code, 105U);
  EXPECT_EQ(error.message, "first");
  EXPECT_EQ(error.details, "why; further errors: second: Operation not permitted; third; how");
}

TEST(BestEffort, ReportsTheOthersIfTheFirstHasNoDetails) {
  BestEffort effort;
  effort.attempt([] { refuse("first"); });
  effort.attempt([] { refuse("second"); });
  EXPECT_EQ(failure_of(effort).details, "further errors: second: Operation not permitted");
}

TEST(BestEffort, DoesNotCatchALogicError) {
  BestEffort effort;
  EXPECT_THROW(effort.attempt([] { throw std::logic_error{"a bug"}; }), std::logic_error);
}

}  // namespace
