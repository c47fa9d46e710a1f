#include "plugin/attachment/rollback.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/kernel/cannot_return.hpp"
#include "plugin/posix/system_error.hpp"
#include "test/verbs/network.hpp"

#include <cerrno>
#include <string>

namespace {

using test::ip;

constexpr auto failure = "the step: Operation not permitted";

/// An ADD that has taken an address, and fails afterwards.
class Rollback : public test::VerbsOfNetwork {
 protected:
  void take() {
    folder.records.write_pending({.attachment = attachment("c1"), .addresses = {ip("10.1.2.2")}});
    folder.addresses.take("net", ip("10.1.2.2"), tag("c1"));
    footprint.addresses = {ip("10.1.2.2")};
    rollback.arm(nullptr);
  }
  [[noreturn]] static void fail() { throw posix::system_error(EPERM, "the step"); }

  wiring::Footprint footprint{.attachment = attachment("c1"),
                              .tag = tag("c1"),
                              .may_have_pair = false,
                              .may_have_ifb = false,
                              .may_have_rules = false};
  attachment::Rollback rollback{"veth", footprint, {.kernel = &kernel, .folder = &folder}};
};

TEST_F(Rollback, TearsDownWhatTheFootprintNames) {
  const auto error = test::error_text([&] {
    rollback.protect([&] {
      take();
      fail();
    });
  });
  EXPECT_EQ(error, failure);
  expect_nothing_left();
}

TEST_F(Rollback, TakesNothingBackAfterSuccess) {
  rollback.protect([&] { take(); });
  EXPECT_TRUE(has_record("c1"));
}

TEST_F(Rollback, TakesNothingBackBeforeItIsArmed) {
  add("c1");
  EXPECT_EQ(test::error_text([&] { rollback.protect([] { fail(); }); }), failure);
  EXPECT_TRUE(has_link("c1") && is_live("c1"));
}

TEST_F(Rollback, TakesNothingBackInTheWrongNamespace) {
  const auto strand = [&] {
    rollback.protect([&] {
      take();
      throw kernel::CannotReturn{{cni::ErrorCode::system_refused, "stranded"}};
    });
  };
  EXPECT_THROW(strand(), kernel::CannotReturn);
  EXPECT_TRUE(has_record("c1"));
}

TEST_F(Rollback, ReportsUnderTheNameOfThePluginWhatItCannotTakeBack) {
  kernel.refusals["remove_links"] = EBUSY;
  testing::internal::CaptureStderr();
  const auto error = test::error_text([&] {
    rollback.protect([&] {
      take();
      footprint.may_have_pair = true;
      fail();
    });
  });
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "veth: cannot take back a failed ADD: remove_links: Device or resource busy\n");
  EXPECT_EQ(error, failure) << "the first failure is what the runtime has to know";
  EXPECT_TRUE(has_record("c1")) << "a DEL finds the rest by it";
}

}  // namespace
