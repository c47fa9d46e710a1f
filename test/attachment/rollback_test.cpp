#include "plugin/attachment/rollback.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/kernel/namespace_return_failure.hpp"
#include "plugin/posix/system_error.hpp"
#include "test/verbs/network.hpp"

#include <cerrno>
#include <string>

namespace {

using test::ip;

constexpr auto failure = "the step: Operation not permitted";

/// An ADD that fails after it has taken an address.
class Rollback : public test::NetworkTest {
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

TEST_F(Rollback, TearsDownTheFootprint) {
  const auto error = test::error_text([&] {
    rollback.protect([&] {
      take();
      fail();
    });
  });
  EXPECT_EQ(error, failure);
  expect_nothing_left();
}

TEST_F(Rollback, RemovesNothingAfterSuccess) {
  rollback.protect([&] { take(); });
  EXPECT_TRUE(has_record("c1"));
}

TEST_F(Rollback, RemovesNothingBeforeItIsArmed) {
  add("c1");
  EXPECT_EQ(test::error_text([&] { rollback.protect([] { fail(); }); }), failure);
  EXPECT_TRUE(has_link("c1") && is_live("c1"));
}

TEST_F(Rollback, RemovesNothingInTheWrongNamespace) {
  const auto fail_to_return = [&] {
    rollback.protect([&] {
      take();
      throw kernel::NamespaceReturnFailure{{cni::ErrorCode::system_refused, "cannot return"}};
    });
  };
  EXPECT_THROW(fail_to_return(), kernel::NamespaceReturnFailure);
  EXPECT_TRUE(has_record("c1"));
}

TEST_F(Rollback, ReportsItsOwnFailureUnderTheNameOfThePlugin) {
  kernel.errors["remove_links"] = EBUSY;
  testing::internal::CaptureStderr();
  const auto error = test::error_text([&] {
    rollback.protect([&] {
      take();
      footprint.may_have_pair = true;
      fail();
    });
  });
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "veth: cannot roll back the failed ADD: remove_links: Device or resource busy\n");
  EXPECT_EQ(error, failure) << "the call fails with the original error";
  EXPECT_TRUE(has_record("c1")) << "DEL needs the record";
}

}  // namespace
