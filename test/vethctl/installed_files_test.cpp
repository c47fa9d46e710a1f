#include "plugin/vethctl/installed_files.hpp"

#include "plugin/cni/error.hpp"
#include "test/support/temporary_directory.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace {

using vethctl::InstalledFiles;
using vethctl::Owner;

class InstalledFilesTest : public testing::Test {
 protected:
  std::string text_of(const std::string& name) const {
    std::ifstream file{folder + '/' + name};
    return (std::ostringstream{} << file.rdbuf()).str();
  }

  void write(const std::string& name, const std::string& text) const { std::ofstream{folder + '/' + name} << text; }

  std::vector<std::string> found() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) names.push_back(entry.path().filename());
    return names;
  }

  test::TemporaryDirectory directory;
  std::string folder = directory.path() + "/opt/cni/bin";
};

TEST_F(InstalledFilesTest, BelongToVethctlUntilTheyAreChanged) {
  auto files = InstalledFiles::open(folder);
  EXPECT_EQ(files.owner("veth"), Owner::none);
  files.put({.name = "veth", .content = "one", .is_program = true});
  EXPECT_EQ(text_of("veth"), "one");
  EXPECT_EQ(files.owner("veth"), Owner::vethctl);
  files.put({.name = "veth", .content = "two", .is_program = true});
  EXPECT_EQ(files.owner("veth"), Owner::vethctl);
  write("veth", "one");
  EXPECT_EQ(files.owner("veth"), Owner::other) << "it was replaced by \"two\"";
}

TEST_F(InstalledFilesTest, AreRecognizedInTheNextRun) {
  InstalledFiles::open(folder).put({.name = "veth", .content = "one"});
  const auto files = InstalledFiles::open(folder);
  EXPECT_EQ(files.owner("veth"), Owner::vethctl);
  EXPECT_EQ(files.names(), std::vector<std::string>{"veth"});
}

TEST_F(InstalledFilesTest, OfOthersAreComparedByContent) {
  auto files = InstalledFiles::open(folder);
  write("loopback", "foreign");
  EXPECT_EQ(files.owner("loopback"), Owner::other);
  EXPECT_TRUE(files.has({.name = "loopback", .content = "foreign"}));
  EXPECT_FALSE(files.has({.name = "loopback", .content = "ours"}));
}

TEST_F(InstalledFilesTest, HaveTheModesOfProgramsAndFiles) {
  const auto mode_of = [&](const std::string& name) {
    struct stat status {};
    EXPECT_EQ(::stat((folder + '/' + name).c_str(), &status), 0) << name;
    return status.st_mode & 0777U;
  };
  auto files = InstalledFiles::open(folder);
  files.put({.name = "veth", .content = "one", .is_program = true});
  files.put({.name = "list", .content = "one"});
  EXPECT_EQ(mode_of("veth"), 0755U);
  EXPECT_EQ(mode_of("list"), 0644U);
}

TEST_F(InstalledFilesTest, ReplaceATemporaryFileOfACrash) {
  auto files = InstalledFiles::open(folder);
  write(".veth.new", "hal");
  files.put({.name = "veth", .content = "whole"});
  EXPECT_EQ(text_of("veth"), "whole");
  EXPECT_FALSE(std::filesystem::exists(folder + "/.veth.new"));
}

TEST_F(InstalledFilesTest, AreRemovedWithTheirEntries) {
  auto files = InstalledFiles::open(folder);
  files.put({.name = "veth", .content = "one"});
  files.put({.name = "loopback", .content = "one"});
  write("loopback", "changed");
  EXPECT_TRUE(files.remove("veth"));
  EXPECT_FALSE(files.remove("loopback"));
  EXPECT_EQ(found(), std::vector<std::string>{"loopback"});
}

TEST_F(InstalledFilesTest, AreLockedByOneInstall) {
  const auto first = InstalledFiles::open(folder);
  try {
    InstalledFiles::open(folder);
    FAIL() << "was opened twice";
  } catch (const cni::Error& error) {
    EXPECT_EQ(error.code, 11U);
    EXPECT_EQ(error.message, "another install is running in folder \"" + folder + '"');
  }
}

TEST_F(InstalledFilesTest, AreNotFoundIfTheFolderIsMissing) {
  EXPECT_FALSE(InstalledFiles::find(folder));
  EXPECT_FALSE(std::filesystem::exists(folder));
}

}  // namespace
