#include "plugin/posix/log_file.hpp"

#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::error_text;

class LogFile : public testing::Test {
 protected:
  std::string text() const {
    std::ifstream file{path};
    return (std::ostringstream{} << file.rdbuf()).str();
  }
  std::string refusal() const {
    return error_text([this] { posix::append_line(path, "a\n"); });
  }
  static mode_t mode_of(const std::string& name) {
    struct stat status {};
    ::stat(name.c_str(), &status);
    return status.st_mode & 07777U;
  }

  test::TemporaryDirectory directory;
  std::string folder = directory.path() + "/log";
  std::string path = folder + "/calls.log";
};

TEST_F(LogFile, IsCreatedReadableOnlyByItsOwner) {
  posix::append_line(path, "a\n");
  posix::append_line(path, "b\n");
  EXPECT_EQ(text(), "a\nb\n");
  EXPECT_EQ(mode_of(folder), 0700U);
  EXPECT_EQ(mode_of(path), 0600U);
}

TEST_F(LogFile, IsCreatedAgainAfterItWasRenamed) {
  posix::append_line(path, "a\n");
  std::filesystem::rename(path, path + ".1");
  posix::append_line(path, "b\n");
  EXPECT_EQ(text(), "b\n");
}

TEST_F(LogFile, DoesNotMixTheLinesOfConcurrentProcesses) {
  const std::string line = std::string(5000, 'x') + '\n';
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&] {
      for (int count = 0; count < 50; ++count) posix::append_line(path, line);
    });
  }
  for (auto& writer : writers) writer.join();
  std::string expected;
  for (int i = 0; i < 200; ++i) expected += line;
  EXPECT_TRUE(text() == expected);
}

TEST_F(LogFile, MustNotBeALink) {
  std::filesystem::create_directory(folder);
  ::chmod(folder.c_str(), 0700);
  std::filesystem::create_symlink(directory.path() + "/other", path);
  EXPECT_EQ(refusal(), "open \"calls.log\": Too many levels of symbolic links");
}

TEST_F(LogFile, MustNotBeAFifo) {
  std::filesystem::create_directory(folder);
  ::chmod(folder.c_str(), 0700);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(refusal(), "open \"calls.log\": No such device or address");
  const std::fstream reader{path};  // read and write: does not wait for a writer
  EXPECT_EQ(refusal(), "append to \"" + path + "\": not a regular file: Invalid argument");
}

TEST_F(LogFile, IsNotWrittenInAFolderThatIsWritableByOthers) {
  std::filesystem::create_directory(folder);
  ::chmod(folder.c_str(), 0770);
  EXPECT_EQ(refusal(), "append to a file in \"" + folder +
                           "\": the folder belongs to another user or is writable by others: Operation not permitted");
}

TEST_F(LogFile, MustNotHaveALinkAsItsFolder) {
  std::filesystem::create_directory_symlink(directory.path(), folder);
  EXPECT_EQ(refusal(), "open \"" + folder + "\": Not a directory");
}

TEST_F(LogFile, IsNotWrittenIfItBelongsToAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "NOT RUN: only root can give a file away";
  posix::append_line(path, "a\n");
  ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
  EXPECT_EQ(refusal(), "append to \"" + path + "\": the file belongs to another user: Operation not permitted");
}

}  // namespace
