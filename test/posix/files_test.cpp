#include "plugin/posix/files.hpp"

#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using test::error_text;

class Files : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return directory.path() + "/" + name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream{at(name)} << text; }

  test::TemporaryDirectory directory;
  posix::FileDescriptor folder = posix::open_file(AT_FDCWD, directory.path(), O_RDONLY | O_DIRECTORY);
};

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) throw std::runtime_error{"create a pipe"};
    output = posix::FileDescriptor{ends[0]};
    input = posix::FileDescriptor{ends[1]};
  }
  posix::FileDescriptor output;
  posix::FileDescriptor input;
};

TEST_F(Files, AreFoundIfTheyExist) {
  EXPECT_FALSE(posix::find_file(folder.get(), "none", O_RDONLY).has_value());
  write("some", "");
  EXPECT_TRUE(posix::find_file(folder.get(), "some", O_RDONLY).has_value());
}

TEST_F(Files, AreOpenedOnlyBeneathAFolder) {
  std::filesystem::create_directory(at("inner"));
  write("inner/some", "text");
  std::filesystem::create_symlink("some", at("inner/link"));
  std::filesystem::create_directory_symlink("inner", at("other"));
  const auto inner = posix::open_file(folder.get(), "inner", O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(posix::read_to_end(posix::open_beneath(folder.get(), "inner/some", O_RDONLY).get(), 9, 1s), "text");
  EXPECT_EQ(error_text([&] { posix::open_beneath(inner.get(), "../inner/some", O_RDONLY); }),
            R"(open "../inner/some": Invalid cross-device link)");
  EXPECT_EQ(error_text([&] { posix::open_beneath(inner.get(), "/etc/passwd", O_RDONLY); }),
            R"(open "/etc/passwd": Invalid cross-device link)");
  EXPECT_EQ(error_text([&] { posix::open_beneath(folder.get(), "inner/link", O_RDONLY); }),
            R"(open "inner/link": Too many levels of symbolic links)");
  EXPECT_EQ(error_text([&] { posix::open_beneath(folder.get(), "other/some", O_RDONLY); }),
            R"(open "other/some": Too many levels of symbolic links)");
  EXPECT_EQ(error_text([&] { posix::open_beneath(folder.get(), "none", O_RDONLY); }),
            R"(open "none": No such file or directory)");
}

TEST_F(Files, AreNotInheritedByPrograms) {
  const auto file = posix::open_file(folder.get(), "new", O_WRONLY | O_CREAT);
  EXPECT_NE(::fcntl(file.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(Files, AreCreatedReadableOnlyByTheirOwner) {
  posix::open_file(folder.get(), "new", O_WRONLY | O_CREAT);
  struct stat status {};
  ASSERT_EQ(::stat(at("new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(Files, ReportWhichFileCannotBeOpened) {
  EXPECT_EQ(error_text([&] { posix::open_file(folder.get(), "no\ne", O_RDONLY); }),
            R"(open "no\x0ae": No such file or directory)");
  write("file", "");
  EXPECT_EQ(error_text([&] { posix::find_file(folder.get(), "file/inner", O_RDONLY); }),
            R"(open "file/inner": Not a directory)");
}

TEST_F(Files, AreReadCompletely) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{16384}, std::size_t{100'000}}) {
    write("file", std::string(size, 'x'));
    EXPECT_EQ(posix::find_content(folder.get(), "file", 100'000), std::string(size, 'x')) << size;
  }
}

TEST_F(Files, HaveNoContentIfTheyDoNotExist) {
  EXPECT_FALSE(posix::find_content(folder.get(), "none", 100).has_value());
}

TEST_F(Files, AreNotReadBeyondTheLimit) {
  write("file", "123456");
  EXPECT_EQ(posix::find_content(folder.get(), "file", 6), "123456");
  EXPECT_EQ(error_text([&] { posix::find_content(folder.get(), "file", 5); }),
            "read \"file\": more than 5 bytes: File too large");
}

TEST_F(Files, AreNotReadThroughALink) {
  write("file", "secret");
  std::filesystem::create_symlink("file", at("link"));
  EXPECT_EQ(error_text([&] { posix::find_content(folder.get(), "link", 100); }),
            R"(open "link": Too many levels of symbolic links)");
}

TEST_F(Files, AcceptAValue) {
  write("setting", "0");
  EXPECT_TRUE(posix::write_value(at("setting"), "1"));
  EXPECT_EQ(posix::find_content(folder.get(), "setting", 100), "1");
}

TEST_F(Files, AcceptNoValueIfTheyDoNotExist) {
  EXPECT_FALSE(posix::write_value(at("none"), "1"));
  EXPECT_FALSE(std::filesystem::exists(at("none")));
}

TEST_F(Files, ReportWhichValueCannotBeWritten) {
  EXPECT_EQ(error_text([] { posix::write_value("/dev/full", "1"); }),
            R"(write "1" to "/dev/full": No space left on device)");
}

TEST(Pipes, AreReadToTheEnd) {
  Pipe pipe;
  posix::write_all(pipe.input.get(), "some text");
  pipe.input.close();
  EXPECT_EQ(posix::read_to_end(pipe.output.get(), 100, 1s), "some text");
}

TEST(Pipes, AreNotReadBeyondTheLimit) {
  Pipe pipe;
  posix::write_all(pipe.input.get(), "123456");
  EXPECT_EQ(error_text([&] { posix::read_to_end(pipe.output.get(), 5, 1s); }),
            "read: more than 5 bytes: File too large");
}

TEST(Pipes, AreReadWithATimeout) {
  Pipe pipe;
  posix::write_all(pipe.input.get(), "half");
  EXPECT_EQ(error_text([&] { posix::read_to_end(pipe.output.get(), 100, 1ms); }),
            "wait for the end of the input: Connection timed out");
}

TEST(Pipes, AreReadUntilTheTimeoutEvenIfDataArrives) {
  Pipe pipe;
  std::jthread trickle{[&](const std::stop_token& stop) {
    for (; !stop.stop_requested(); std::this_thread::sleep_for(1ms)) posix::write_all(pipe.input.get(), " ");
  }};
  EXPECT_EQ(error_text([&] { posix::read_to_end(pipe.output.get(), 60'000, 100ms); }),
            "wait for the end of the input: Connection timed out");
}

TEST(Pipes, WithoutAReaderCauseAnError) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.output.close();
  EXPECT_EQ(error_text([&] { posix::write_all(pipe.input.get(), "text"); }), "write: Broken pipe");
}

}  // namespace
