#include "plugin/vethctl/installations.hpp"

#include "test/support/temporary_directory.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using vethctl::Installation;

struct InstallationsTest : testing::Test {
  test::TemporaryDirectory directory;
  std::string folder = directory.path() + "/lib/installations";
  Installation one{"/opt/cni/bin", "/etc/cni/net.d"};
  Installation other{"/opt/my plugins", "/etc/cni/net.d"};
};

TEST_F(InstallationsTest, AreRememberedOnceUntilTheyAreForgotten) {
  EXPECT_TRUE(vethctl::remembered_installations(folder).empty());
  for (int i = 0; i < 2; ++i) {
    vethctl::remember(folder, one);
    vethctl::remember(folder, other);
  }
  EXPECT_EQ(vethctl::remembered_installations(folder).size(), 2U);
  vethctl::forget(folder, one);
  EXPECT_EQ(vethctl::remembered_installations(folder), std::vector{other});
  vethctl::forget(folder, other);
  vethctl::forget(folder, other);
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/lib"));
}

TEST_F(InstallationsTest, SkipIncompleteFiles) {
  vethctl::remember(folder, one);
  for (const char* text : {"", "\n", "/bin", "/bin\n", "/bin\n/conf", "bin\nconf\n"}) {
    std::ofstream{folder + "/x"} << text;
    EXPECT_EQ(vethctl::remembered_installations(folder), std::vector{one}) << text;
  }
}

TEST_F(InstallationsTest, HaveCanonicalPaths) {
  std::filesystem::create_directory(directory.path() + "/real");
  std::filesystem::create_symlink("real", directory.path() + "/link");
  for (const char* path : {"/real", "/real/", "/link", "/link/../real//", "/./real/."}) {
    EXPECT_EQ(vethctl::canonical_path(directory.path() + path), directory.path() + "/real") << path;
  }
  EXPECT_EQ(vethctl::canonical_path("/"), "/");
  EXPECT_EQ(vethctl::canonical_path("/no such/folder/"), "/no such/folder");
}

}  // namespace
