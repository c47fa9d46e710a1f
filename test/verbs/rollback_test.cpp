#include "plugin/verbs/rollback.hpp"

#include "plugin/posix/system_error.hpp"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

namespace {

using verbs::Rollback;

TEST(Rollback, TakesBackInReverse) {
  std::string done;
  {
    Rollback rollback;
    rollback.on_failure([&] { done += "first "; });
    rollback.on_failure([&] { done += "second "; });
    EXPECT_EQ(done, "");
  }
  EXPECT_EQ(done, "second first ");
}

TEST(Rollback, TakesNothingBackAfterSuccess) {
  std::string done;
  {
    Rollback rollback;
    rollback.on_failure([&] { done += "first "; });
    rollback.dismiss();
  }
  EXPECT_EQ(done, "");
}

TEST(Rollback, TakesBackWhatComesAfterADismissal) {
  std::string done;
  {
    Rollback rollback;
    rollback.on_failure([&] { done += "first "; });
    rollback.dismiss();
    rollback.on_failure([&] { done += "second "; });
  }
  EXPECT_EQ(done, "second ");
}

TEST(Rollback, KeepsWhatWasDoneBeforeAStepThatCannotBeTakenBack) {
  std::string done;
  testing::internal::CaptureStderr();
  {
    Rollback rollback;
    rollback.on_failure([&] { done += "first "; });
    rollback.on_failure([] { throw posix::system_error(EBUSY, "delete link \"eth0\""); });
    rollback.on_failure([&] { done += "third "; });
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "veth: taking back a failed ADD: delete link \"eth0\": Device or resource busy\n");
  EXPECT_EQ(done, "third ");
}

TEST(Rollback, LetsTheFailureThatBeganItThrough) {
  const auto failing = [] {
    Rollback rollback;
    rollback.on_failure([] { throw posix::system_error(EBUSY, "the inverse"); });
    throw posix::system_error(EPERM, "the step");
  };
  testing::internal::CaptureStderr();
  EXPECT_THROW(
      {
        try {
          failing();
        } catch (const std::system_error& error) {
          EXPECT_STREQ(error.what(), "the step: Operation not permitted");
          throw;
        }
      },
      std::system_error);
  testing::internal::GetCapturedStderr();
}

}  // namespace
