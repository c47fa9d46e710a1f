#include "plugin/posix/privileges.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace {

TEST(Privileges, AreNamedIfTheyAreMissing) {
  EXPECT_EQ(posix::advice_for({.missing = {"CAP_NET_ADMIN", "CAP_SYS_ADMIN"}}),
            "the process lacks CAP_NET_ADMIN and CAP_SYS_ADMIN: run it as root, for example with sudo");
  EXPECT_EQ(posix::advice_for({.is_root = true, .is_in_user_namespace = true, .missing = {"CAP_SYS_ADMIN"}}),
            "the process lacks CAP_SYS_ADMIN: run it with these capabilities (in a container: --cap-add or "
            "--privileged)");
  EXPECT_EQ(posix::advice_for({.is_root = true, .is_in_user_namespace = true}).find("root of a user namespace may"),
            0U);
  EXPECT_EQ(posix::advice_for({.is_root = true}), "");
}

TEST(Privileges, AreNoReasonForOtherErrors) {
  EXPECT_EQ(posix::privilege_advice({EEXIST, std::system_category()}), "");
  EXPECT_EQ(posix::privilege_advice({EPERM, std::system_category()}), posix::advice_for(posix::read_privileges()));
}

}  // namespace
