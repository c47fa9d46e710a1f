#include "plugin/posix/helper_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace {

using posix::FileDescriptor;

/// A pair of sockets, and a message of one byte.
class HelperProcess : public testing::Test {
 protected:
  HelperProcess() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    near_end = FileDescriptor{ends[0]};
    far_end = FileDescriptor{ends[1]};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
  }

  FileDescriptor send(int kept = -1) {
    const posix::SystemCall send{
        .number = SYS_sendmsg, .first = near_end.get(), .second = reinterpret_cast<long>(&message)};
    return posix::start_helper({.calls = {send, send}, .kept = {near_end.get(), kept}});
  }

  /// The next helper waits in sendmsg().
  void fill_socket() {
    while (::send(near_end.get(), &letter, 1, MSG_DONTWAIT) == 1) {
    }
  }

  char letter = 'x';
  iovec part{&letter, 1};
  msghdr message{};
  FileDescriptor near_end;
  FileDescriptor far_end;
};

/// Whether the descriptor becomes readable within the time.
bool becomes_readable(const FileDescriptor& file, int timeout_ms = 5000) {
  pollfd waiting{file.get(), POLLIN, 0};
  return ::poll(&waiting, 1, timeout_ms) == 1;
}

std::string process_of(const FileDescriptor& pidfd) {
  std::ifstream info{"/proc/self/fdinfo/" + std::to_string(pidfd.get())};
  for (std::string word; info >> word;) {
    if (word == "Pid:" && info >> word) return word;
  }
  return {};
}

std::set<std::string> open_files_of(const std::string& process) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/" + process + "/fd"})
    files.insert(entry.path().filename());
  return files;
}

/// The helper closes its files before it sends, and this process may look earlier.
bool has_only_files(const FileDescriptor& helper, const std::set<std::string>& expected) {
  const auto process = process_of(helper);
  for (int attempt = 0; attempt < 500; ++attempt) {
    if (open_files_of(process) == expected) return true;
    ::usleep(10'000);
  }
  return false;
}

void end(const FileDescriptor& helper) {
  posix::kill_helper(helper);
  EXPECT_TRUE(becomes_readable(helper));
}

TEST_F(HelperProcess, MakesTheCallsAndEnds) {
  const auto helper = send();
  ASSERT_TRUE(helper);
  EXPECT_TRUE(becomes_readable(helper));
  std::array<char, 8> received{};
  EXPECT_EQ(::recv(far_end.get(), received.data(), received.size(), 0), 2);
}

TEST_F(HelperProcess, StartsWhileAnEarlierOneWaits) {
  fill_socket();
  const auto waiting = send();
  const auto second = send();
  ASSERT_TRUE(waiting);
  ASSERT_TRUE(second);
  EXPECT_FALSE(becomes_readable(waiting, 0));
  end(second);
  end(waiting);
}

TEST_F(HelperProcess, KeepsOnlyTheGivenFiles) {
  fill_socket();
  const FileDescriptor kept{::dup(far_end.get())};
  const auto helper = send(kept.get());
  EXPECT_TRUE(has_only_files(helper, {std::to_string(near_end.get()), std::to_string(kept.get())}));
  end(helper);
}

TEST_F(HelperProcess, KeepsNoOtherFileIfNoneIsGiven) {
  fill_socket();
  const auto helper = send();
  EXPECT_TRUE(has_only_files(helper, {std::to_string(near_end.get())}));
  end(helper);
}

TEST_F(HelperProcess, IsReapedWhenTheNextOneStarts) {
  const auto first = send();
  EXPECT_TRUE(becomes_readable(first));
  siginfo_t ended{};
  EXPECT_EQ(::waitid(P_PIDFD, static_cast<id_t>(first.get()), &ended, WEXITED | WNOWAIT | __WALL), 0);
  const auto second = send();
  EXPECT_TRUE(becomes_readable(second));
  EXPECT_EQ(::waitid(P_PIDFD, static_cast<id_t>(first.get()), &ended, WEXITED | WNOWAIT | __WALL), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
