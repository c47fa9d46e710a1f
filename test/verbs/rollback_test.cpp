#include "plugin/verbs/rollback.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/kernel/cannot_return.hpp"
#include "plugin/posix/system_error.hpp"
#include "test/support/error_text.hpp"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

namespace {

using verbs::Rollback;

[[noreturn]] void fail() { throw posix::system_error(EPERM, "the step"); }

constexpr auto failure = "the step: Operation not permitted";

TEST(Rollback, TakesBackInReverse) {
  std::string done;
  Rollback rollback;
  const auto error = test::error_text([&] {
    rollback.protect([&] {
      rollback.on_failure([&] { done += "first "; });
      rollback.on_failure([&] { done += "second "; });
      EXPECT_EQ(done, "");
      fail();
    });
  });
  EXPECT_EQ(error, failure);
  EXPECT_EQ(done, "second first ");
}

TEST(Rollback, TakesNothingBackAfterSuccess) {
  std::string done;
  Rollback rollback;
  rollback.protect([&] { rollback.on_failure([&] { done += "first "; }); });
  EXPECT_EQ(done, "");
}

TEST(Rollback, TakesNothingBackInTheWrongNamespace) {
  std::string done;
  Rollback rollback;
  const auto strand = [&] {
    rollback.protect([&] {
      rollback.on_failure([&] { done += "first "; });
      throw kernel::CannotReturn{{cni::ErrorCode::system_refused, "stranded"}};
    });
  };
  EXPECT_THROW(strand(), kernel::CannotReturn);
  EXPECT_EQ(done, "");
}

TEST(Rollback, EndsWithAnInverseThatStrandsTheProcess) {
  std::string done;
  Rollback rollback;
  const auto strand = [&] {
    rollback.protect([&] {
      rollback.on_failure([&] { done += "first "; });
      rollback.on_failure([] { throw kernel::CannotReturn{{cni::ErrorCode::system_refused, "stranded"}}; });
      fail();
    });
  };
  EXPECT_THROW(strand(), kernel::CannotReturn);
  EXPECT_EQ(done, "");
}

TEST(Rollback, KeepsWhatWasDoneBeforeAStepThatCannotBeTakenBack) {
  std::string done;
  Rollback rollback;
  testing::internal::CaptureStderr();
  const auto error = test::error_text([&] {
    rollback.protect([&] {
      rollback.on_failure([&] { done += "first "; });
      rollback.on_failure([] { throw posix::system_error(EBUSY, "delete link \"eth0\""); });
      rollback.on_failure([&] { done += "third "; });
      fail();
    });
  });
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "veth: taking back a failed ADD: delete link \"eth0\": Device or resource busy\n");
  EXPECT_EQ(error, failure);
  EXPECT_EQ(done, "third ");
}

}  // namespace
