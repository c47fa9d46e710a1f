#include "plugin/posix/streams.hpp"

#include "plugin/posix/files.hpp"
#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

/// Replaces a standard stream by a file, and restores it in the destructor.
class Redirection {
 public:
  Redirection(int stream, const std::string& path, int flags) : stream_(stream), saved_(::dup(stream)) {
    const auto file = posix::open_file(AT_FDCWD, path, flags);
    ::dup2(file.get(), stream);
  }
  Redirection(const Redirection&) = delete;
  Redirection& operator=(const Redirection&) = delete;
  ~Redirection() { ::dup2(saved_.get(), stream_); }

 private:
  int stream_;
  posix::FileDescriptor saved_;
};

class Streams : public testing::Test {
 protected:
  std::string content() const { return posix::find_content(AT_FDCWD, path, 100).value_or("none"); }

  test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/stream";
};

TEST_F(Streams, ReadAllOfTheInput) {
  std::ofstream{path} << "some\ninput";
  const Redirection redirection{STDIN_FILENO, path, O_RDONLY};
  EXPECT_EQ(posix::read_input(1s), "some\ninput");
}

TEST_F(Streams, ReadNoMoreThan16Mebibytes) {
  std::ofstream{path} << std::string((std::size_t{16} << 20U) + 1, ' ');
  const Redirection redirection{STDIN_FILENO, path, O_RDONLY};
  EXPECT_EQ(test::error_text([] { posix::read_input(1s); }), "read: more than 16777216 bytes: File too large");
}

TEST_F(Streams, DoNotWaitForATerminal) {
  const posix::FileDescriptor controller{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  if (!controller || ::grantpt(controller.get()) < 0 || ::unlockpt(controller.get()) < 0) {
    GTEST_SKIP() << "NOT RUN: there are no pseudo terminals here";
  }
  const Redirection redirection{STDIN_FILENO, ::ptsname(controller.get()), O_RDWR | O_NOCTTY};
  EXPECT_EQ(posix::read_input(1ms), "");
}

TEST_F(Streams, WriteToOutputAndError) {
  {
    const Redirection redirection{STDOUT_FILENO, path, O_WRONLY | O_CREAT};
    posix::write_output("an answer\n");
  }
  EXPECT_EQ(content(), "an answer\n");
  {
    const Redirection redirection{STDERR_FILENO, path, O_WRONLY | O_TRUNC};
    posix::write_error("a warning\n");
  }
  EXPECT_EQ(content(), "a warning\n");
}

TEST_F(Streams, ReportThatTheOutputCannotBeWritten) {
  const auto writing = [] {
    const Redirection redirection{STDOUT_FILENO, "/dev/full", O_WRONLY};
    posix::write_output("an answer\n");
  };
  EXPECT_EQ(test::error_text(writing), "write standard output: No space left on device");
}

}  // namespace
