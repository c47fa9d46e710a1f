#include "plugin/vethctl/missing_plugins.hpp"

#include "test/support/temporary_directory.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace {

using vethctl::MissingPlugins;
using Types = std::vector<std::string>;

struct MissingPluginsTest : testing::Test {
  void install(const std::string& name) const {
    std::ofstream{directory.path() + '/' + name};
    std::filesystem::permissions(directory.path() + '/' + name, std::filesystem::perms::owner_all);
  }

  test::TemporaryDirectory directory;
  std::string list = R"({"plugins": [{"type": "veth", "ipam": {"type": "host-local"}}, {"type": "portmap"},
                        {"type": "bridge", "ipam": {"type": "veth-ipam"}}, {"type": "portmap"}, {"type": "../x"}]})";
};

TEST_F(MissingPluginsTest, AreThoseWithoutAnExecutable) {
  install("veth");
  install("portmap");
  std::ofstream{directory.path() + "/bridge"};  // not executable
  EXPECT_EQ(vethctl::find_missing_plugins(list, "/no such folder:" + directory.path()),
            (MissingPlugins{true, Types{"host-local", "bridge", "veth-ipam"}}));
}

TEST_F(MissingPluginsTest, AreUnknownWithoutAFolder) {
  for (const auto* path : {"", ":", "/no such folder", "/no such folder:/nor this"}) {
    EXPECT_EQ(vethctl::find_missing_plugins(list, path), MissingPlugins{}) << path;
  }
}

TEST_F(MissingPluginsTest, DoNotIncludeTheIpamThatIsBuiltIn) {
  install("veth");
  EXPECT_EQ(vethctl::find_missing_plugins(R"({"type": "veth", "ipam": {"type": "veth-ipam"}})", directory.path()),
            (MissingPlugins{true, {}}));
}

}  // namespace
