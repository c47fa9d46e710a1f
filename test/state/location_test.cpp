#include "plugin/state/location.hpp"

#include "plugin/posix/files.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/state/host_namespace.hpp"
#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

constexpr const char* other_boot = "01234567-89ab-cdef-0123-456789abcdef";

class Location : public testing::Test {
 protected:
  std::string refusal() const {
    return test::error_text([&] { state::Folder::open(root, root); });
  }
  mode_t mode_of(const std::string& path) const {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777U;
  }

  test::TemporaryDirectory directory;
  std::string root = directory.path() + "/root";
  std::string own = root + "/" + state::folder_name();
};

TEST_F(Location, ContainsBootIdAndNamespaceCookie) {
  const std::string name = state::folder_name();
  EXPECT_EQ(name, state::folder_name());
  EXPECT_EQ(name.find_first_not_of("0123456789abcdef-"), std::string::npos) << name;
  EXPECT_EQ(name[36], '-') << name;
}

TEST_F(Location, IsCreatedWithPrivateModes) {
  const auto folder = state::Folder::open(root, root);
  EXPECT_EQ(folder.path(), own);
  EXPECT_EQ(mode_of(root), 0700U);
  EXPECT_EQ(mode_of(own), 0700U);
  EXPECT_EQ(mode_of(own + "/locks"), 0600U);
}

TEST_F(Location, IsCreatedWithItsParentDirectories) {
  const std::string deep = directory.path() + "/a/b/root/";
  EXPECT_EQ(state::Folder::open(deep, deep).path(), directory.path() + "/a/b/root/" + state::folder_name());
  EXPECT_EQ(mode_of(directory.path() + "/a"), 0700U);
}

TEST_F(Location, IsFoundOnlyAfterItsCreation) {
  EXPECT_FALSE(state::Folder::find(root).has_value());
  EXPECT_FALSE(fs::exists(root));
  fs::create_directory(root);
  ::chmod(root.c_str(), 0755);
  EXPECT_FALSE(state::Folder::find(root).has_value());
  EXPECT_TRUE(fs::is_empty(root));
  state::Folder::open(root, root);
  EXPECT_TRUE(state::Folder::find(root).has_value());
}

TEST_F(Location, IsRejectedIfOtherUsersCanWrite) {
  fs::create_directory(root);
  for (const mode_t mode : {0770U, 0702U, 01777U}) {
    ::chmod(root.c_str(), mode);
    EXPECT_EQ(refusal().find("100: state folder \"" + root + "\" can be written by others (mode "), 0U) << refusal();
  }
  ::chmod(root.c_str(), 0700);
  state::Folder::open(root, root);
  ::chmod(own.c_str(), 0720);
  EXPECT_EQ(refusal(), "100: state folder \"" + own + "\" can be written by others (mode 0720)");
}

TEST_F(Location, IsRejectedIfItBelongsToAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs to be root to give a directory away";
  fs::create_directory(root);
  ASSERT_EQ(::chown(root.c_str(), 1234, 1234), 0);
  EXPECT_EQ(refusal(), "100: state folder \"" + root + "\" belongs to user 1234, not to user 0");
  EXPECT_EQ(test::error_text([&] { state::Folder::find(root); }), refusal());
}

TEST_F(Location, IsRejectedIfItIsASymlink) {
  fs::create_directory(directory.path() + "/elsewhere");
  fs::create_directory_symlink(directory.path() + "/elsewhere", root);
  const std::string text =
      "100: state folder \"" + root + "\" is not a directory, or its path contains a symbolic link";
  EXPECT_EQ(refusal(), text);
  root += "/";
  EXPECT_EQ(refusal(), text);
}

TEST_F(Location, IsRejectedIfAParentIsASymlink) {
  fs::create_directories(directory.path() + "/elsewhere/inner");
  fs::create_directory_symlink(directory.path() + "/elsewhere", directory.path() + "/link");
  root = directory.path() + "/link/inner";
  EXPECT_EQ(refusal(), "100: state folder \"" + root + "\" is not a directory, or its path contains a symbolic link");
  EXPECT_TRUE(fs::is_empty(directory.path() + "/elsewhere/inner"));
}

TEST_F(Location, IsRejectedIfItIsAFile) {
  std::ofstream{root} << "x";
  EXPECT_EQ(refusal(), "100: state folder \"" + root + "\" is not a directory, or its path contains a symbolic link");
}

TEST_F(Location, ReplacesTheFoldersOfOtherBootsWhenItIsCreated) {
  const std::string outside = directory.path() + "/outside";
  std::ofstream{outside} << "x";
  const std::string old = root + "/" + other_boot + "-17";
  const std::string own_boot = own.substr(0, own.rfind('-')) + "-999999";
  fs::create_directories(old + "/net/addresses");
  fs::create_symlink(outside, old + "/net/addresses/10.0.0.1");
  fs::create_directory_symlink(directory.path(), old + "/away");
  for (const auto& kept : {own_boot, root + "/notes", root + "/" + other_boot}) fs::create_directory(kept);
  ::chmod(root.c_str(), 0700);
  state::Folder::open(root, root);
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(outside));
  for (const auto& kept : {own_boot, root + "/notes", root + "/" + other_boot}) EXPECT_TRUE(fs::exists(kept)) << kept;
}

TEST_F(Location, KeepsTheFoldersOfOtherBootsWhenItExists) {
  state::Folder::open(root, root);
  const std::string old = root + "/" + other_boot + "-17";
  fs::create_directory(old);
  state::Folder::open(root, root);
  EXPECT_TRUE(fs::exists(old));
}

TEST_F(Location, DistinguishesOtherBootsFromOtherNames) {
  const std::string own_name = state::folder_name();
  EXPECT_TRUE(state::belongs_to_another_boot(std::string{other_boot} + "-1", own_name));
  const std::string names[] = {own_name,
                               own_name.substr(0, 36) + "-5",
                               other_boot,
                               std::string{other_boot} + "-",
                               std::string{other_boot} + "-1x",
                               "x",
                               "",
                               std::string(36, 'z') + "-1"};
  for (const auto& name : names) EXPECT_FALSE(state::belongs_to_another_boot(name, own_name)) << name;
}

TEST_F(Location, IsRegisteredInTheFolderOfTheRegistry) {
  const std::string registry = directory.path() + "/registry";
  state::Folder::open(root, registry);
  const auto main = state::Folder::find(registry);
  ASSERT_TRUE(main.has_value());
  EXPECT_EQ(main->data_dirs(), std::vector<std::string>{root});
  EXPECT_TRUE(main->records.networks().empty());
}

/// Tools that restore rules would not find an unregistered folder.
TEST_F(Location, IsNotCreatedIfTheRegistryIsRejected) {
  const std::string registry = directory.path() + "/registry";
  std::ofstream{registry} << "x";
  EXPECT_EQ(test::error_text([&] { state::Folder::open(root, registry); }),
            "100: state folder \"" + registry + "\" is not a directory, or its path contains a symbolic link");
  EXPECT_TRUE(fs::is_empty(root));
}

TEST_F(Location, RemovesNoTreeThatIsTooDeep) {
  std::string deep = directory.path() + "/deep";
  for (int level = 0; level < 12; ++level) deep += "/d";
  fs::create_directories(deep);
  const int parent = ::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_EQ(test::error_text([&] { state::remove_tree(parent, "deep"); }),
            "remove a directory: Too many levels of symbolic links");
  ::close(parent);
}

/// Folders of this boot whose network namespace never existed.
class GoneNamespace : public Location {
 protected:
  void SetUp() override {
    if (!state::is_gone({.cookie = never_used, .inode = 1})) GTEST_SKIP() << "NOT RUN: needs Linux 6.18";
    fs::create_directories(folder + "/net/live");
  }
  void mark() const { fs::create_symlink("4026531999", folder + "/=namespace"); }

  static constexpr std::uint64_t never_used = std::uint64_t{1} << 62U;
  std::string folder = root + "/" + state::folder_name().substr(0, 37) + std::to_string(never_used);
};

TEST_F(GoneNamespace, LosesItsFolderWhenAnotherIsCreated) {
  mark();
  state::Folder::open(root, root);
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_TRUE(fs::exists(own));
}

TEST_F(GoneNamespace, KeepsItsFolderWhileALockIsHeldInIt) {
  mark();
  const auto parent = posix::open_file(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY);
  const auto locks = state::Locks::open(parent.get(), folder);
  {
    const auto lock = locks.network("net");
    state::Folder::open(root, root);
    EXPECT_TRUE(fs::exists(folder));
  }
  fs::remove_all(own);
  state::Folder::open(root, root);
  EXPECT_FALSE(fs::exists(folder));
}

/// An earlier version wrote no mark; a mark of something else proves nothing.
TEST_F(GoneNamespace, KeepsAFolderWithoutAMark) {
  for (const auto* target : {"", "x", "99999999999999999999", "-1"}) {
    if (*target != '\0') fs::create_symlink(target, folder + "/=namespace");
    state::Folder::open(root, root);
    EXPECT_TRUE(fs::exists(folder)) << target;
    fs::remove_all(own);
    fs::remove(folder + "/=namespace");
  }
}

TEST_F(GoneNamespace, IsNotRemovedByAnExistingFolder) {
  state::Folder::open(root, root);
  mark();
  state::Folder::open(root, root);
  EXPECT_TRUE(fs::exists(folder)) << "only a creation reads the other folders";
}

TEST_F(Location, IsMarkedWithItsNamespace) {
  state::Folder::open(root, root);
  const auto mark = fs::read_symlink(own + "/=namespace").string();
  EXPECT_EQ(mark, std::to_string(state::own_host_namespace().inode));
  EXPECT_FALSE(state::is_gone(state::own_host_namespace()));
  EXPECT_TRUE(state::Folder::open(root, root).records.networks().empty());
}

}  // namespace
