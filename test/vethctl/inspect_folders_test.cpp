#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "test/support/temporary_directory.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace {

using Texts = std::vector<std::string>;

class Folders : public testing::Test {
 protected:
  Folders() { std::filesystem::create_directory(configurations); }

  void configure(const std::string& file, const std::string& text) const {
    std::ofstream{configurations + '/' + file} << text;
  }

  Texts paths() const {
    Texts paths;
    for (const auto& folder : inspect::open_folders(root, configurations)) paths.push_back(folder.path());
    return paths;
  }

  test::TemporaryDirectory directory;
  std::string root = directory.path() + "/root";
  std::string other = directory.path() + "/other";
  std::string configurations = directory.path() + "/net.d";
};

TEST_F(Folders, AreFoundByConfigurationsIfTheDefaultFolderIsMissing) {
  const auto path = state::Folder::open(other, root).path();
  EXPECT_EQ(paths().size(), 2U);
  std::filesystem::remove_all(root);
  EXPECT_EQ(paths(), Texts{});
  configure("10.conflist", R"({"plugins": [{"type": "tuning"},
                              {"type": "veth", "IPAM": {"type": "veth-ipam", "dataDir": ")" +
                               other + R"(/"}}]})");
  EXPECT_EQ(paths(), Texts{path});
  state::Folder::register_root(other, root);
  EXPECT_EQ(paths().size(), 2U) << "each folder is read once";
}

TEST_F(Folders, AreThoseOfVethIpamOnly) {
  configure("10.conf", R"({"type": "ptp", "ipam": {"type": "veth-ipam", "dataDir": "/run/a"}})");
  configure("20.conf", R"({"type": "veth", "ipam": {"type": "host-local", "dataDir": "/run/b"}})");
  configure("30.conf", R"({"type": "veth", "ipam": {"type": "veth-ipam", "dataDir": "c"}})");
  configure("40.conf", "{");
  configure("50.txt", R"({"type": "veth", "ipam": {"type": "veth-ipam", "dataDir": "/run/d"}})");
  EXPECT_EQ(inspect::configured_roots(configurations), Texts{"/run/a"});
  EXPECT_EQ(inspect::configured_roots(configurations + "/none"), Texts{});
}

}  // namespace
