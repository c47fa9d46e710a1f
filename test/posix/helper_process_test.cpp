#include "plugin/posix/helper_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include <gtest/gtest.h>

namespace {

using posix::FileDescriptor;

struct PipeEnds {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

PipeEnds make_pipe_ends() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return {FileDescriptor{ends[0]}, FileDescriptor{ends[1]}};
}

/// Whether the descriptor becomes readable within the time.
bool becomes_readable(const FileDescriptor& file, int timeout_ms = 5000) {
  pollfd waiting{file.get(), POLLIN, 0};
  return ::poll(&waiting, 1, timeout_ms) == 1;
}

bool is_descriptor_open(int file) { return ::fcntl(file, F_GETFD) >= 0; }

TEST(HelperProcess, MakesTheCallAndEnds) {
  const auto pipe = make_pipe_ends();
  const int file = pipe.write_end.get();
  const auto helper = posix::start_helper(std::array{file}, [file] {
    if (::write(file, "x", 1) != 1) ::_exit(1);
  });
  ASSERT_TRUE(helper);
  EXPECT_TRUE(becomes_readable(pipe.read_end));
  EXPECT_TRUE(becomes_readable(helper));
}

TEST(HelperProcess, KeepsOnlyTheGivenFiles) {
  const auto open_files = make_pipe_ends();
  const auto pipe = make_pipe_ends();
  const int file = pipe.write_end.get();
  const std::array closed{
      STDIN_FILENO,       STDOUT_FILENO, STDERR_FILENO, open_files.read_end.get(), open_files.write_end.get(),
      pipe.read_end.get()};
  const auto helper = posix::start_helper(std::array{file, -1}, [&] {
    for (const int other : closed) {
      if (is_descriptor_open(other)) return;
    }
    if (::write(file, "x", 1) != 1) ::_exit(1);
  });
  EXPECT_TRUE(becomes_readable(pipe.read_end));
  EXPECT_TRUE(becomes_readable(helper));
}

TEST(HelperProcess, DoesNotKeepAPipeOpenForItsReader) {
  auto output = make_pipe_ends();
  const auto blocked = make_pipe_ends();
  const int file = blocked.read_end.get();
  const auto helper = posix::start_helper(std::array{file}, [file] {
    char letter = 0;
    if (::read(file, &letter, 1) != 1) ::_exit(1);
  });
  output.write_end.close();
  EXPECT_TRUE(becomes_readable(output.read_end));
  EXPECT_FALSE(becomes_readable(helper, 0));
  posix::kill_helper(helper);
  EXPECT_TRUE(becomes_readable(helper));
}

TEST(HelperProcess, IsReapedWhenTheNextOneStarts) {
  const auto first = posix::start_helper({}, [] {});
  EXPECT_TRUE(becomes_readable(first));
  siginfo_t ended{};
  EXPECT_EQ(::waitid(P_PIDFD, static_cast<id_t>(first.get()), &ended, WEXITED | WNOWAIT | __WALL), 0);
  const auto second = posix::start_helper({}, [] {});
  EXPECT_TRUE(becomes_readable(second));
  EXPECT_EQ(::waitid(P_PIDFD, static_cast<id_t>(first.get()), &ended, WEXITED | WNOWAIT | __WALL), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
