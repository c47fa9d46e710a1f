#include "plugin/posix/process.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include <gtest/gtest.h>

namespace {

/// Each test runs in a child, because descriptors and signals belong to the whole process. The child reports its result
/// by its exit status.
class PreparedProcess : public testing::Test {
 protected:
  [[noreturn]] static void exit_with(bool is_right) { ::_exit(is_right ? 0 : 1); }
  static bool is_open(int number) { return ::fcntl(number, F_GETFD) >= 0; }
};

TEST_F(PreparedProcess, HasTheThreeStandardDescriptors) {
  const auto without_standard_streams = [] {
    for (const int number : {0, 1, 2}) ::close(number);
    posix::prepare_process();
    exit_with(is_open(0) && is_open(1) && is_open(2));
  };
  EXPECT_EXIT(without_standard_streams(), testing::ExitedWithCode(0), "");
}

TEST_F(PreparedProcess, OpensNothingIfTheyAreOpen) {
  const auto with_standard_streams = [] {
    const int lowest_free = ::dup(0);
    ::close(lowest_free);
    posix::prepare_process();
    exit_with(!is_open(lowest_free));
  };
  EXPECT_EXIT(with_standard_streams(), testing::ExitedWithCode(0), "");
}

TEST_F(PreparedProcess, IsNotEndedByAWriteToAClosedPipe) {
  const auto with_broken_pipe = [] {
    int ends[2] = {-1, -1};
    if (::pipe(ends) < 0) exit_with(false);
    ::close(ends[0]);
    std::signal(SIGPIPE, SIG_DFL);
    posix::prepare_process();
    exit_with(::write(ends[1], "x", 1) < 0);
  };
  EXPECT_EXIT(with_broken_pipe(), testing::ExitedWithCode(0), "");
}

TEST_F(PreparedProcess, SurvivesTheFileSizeLimit) {
  const auto with_full_file = [] {
    const int file = ::memfd_create("full", 0);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_FSIZE, &none);
    std::signal(SIGXFSZ, SIG_DFL);
    posix::prepare_process();
    exit_with(::write(file, "x", 1) < 0);
  };
  EXPECT_EXIT(with_full_file(), testing::ExitedWithCode(0), "");
}

TEST_F(PreparedProcess, KeepsOnlyTheCapabilitiesOfAPlugin) {
  const auto poor = [] {
    posix::drop_capabilities();
    exit_with(::setgid(12345) < 0 && ::unshare(CLONE_NEWUTS) == 0);
  };
  if (::geteuid() != 0) GTEST_SKIP() << "NOT RUN: only root has capabilities to drop";
  EXPECT_EXIT(poor(), testing::ExitedWithCode(0), "");
}

TEST_F(PreparedProcess, ForbidsNewPrivileges) {
  const auto modest = [] {
    posix::forbid_new_privileges();
    exit_with(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
  };
  EXPECT_EXIT(modest(), testing::ExitedWithCode(0), "");
}

}  // namespace
