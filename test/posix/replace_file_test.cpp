#include "plugin/posix/replace_file.hpp"

#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace {

class ReplaceFile : public testing::Test {
 protected:
  std::string text() const {
    std::ifstream file{path};
    return (std::ostringstream{} << file.rdbuf()).str();
  }
  auto count_files() const {
    return std::distance(std::filesystem::directory_iterator{directory.path()}, std::filesystem::directory_iterator{});
  }

  test::TemporaryDirectory directory;
  std::string path = directory.path() + "/veth.prom";
};

TEST_F(ReplaceFile, IsReadableByAll) {
  posix::replace_file(path, "a\n");
  posix::replace_file(path, "b\n");
  EXPECT_EQ(text(), "b\n");
  EXPECT_EQ(count_files(), 1);
  struct stat status {};
  ::stat(path.c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777U, 0644U);
}

TEST_F(ReplaceFile, DoesNotWriteThroughALink) {
  const auto other = directory.path() + "/other";
  std::ofstream{other} << "kept";
  std::filesystem::create_symlink(other, path);
  posix::replace_file(path, "a\n");
  EXPECT_FALSE(std::filesystem::is_symlink(path));
  EXPECT_EQ(std::filesystem::file_size(other), 4U);
}

TEST_F(ReplaceFile, LeavesNothingBehindIfItFails) {
  std::filesystem::create_directory(path);
  const auto refusal = test::error_text([this] { posix::replace_file(path, "a\n"); });
  EXPECT_NE(refusal.find("Is a directory"), std::string::npos) << refusal;
  EXPECT_EQ(count_files(), 1);
}

}  // namespace
