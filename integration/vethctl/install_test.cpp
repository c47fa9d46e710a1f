// vethctl install with the built executables: a runtime can use the files that it installs.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/libcni.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto bin_folder = "/run/test/bin";
constexpr auto conf_folder = "/run/test/conf";

Outcome install_on_node(const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"install", "--bin-dir", bin_folder, "--conf-dir", conf_folder, "--pod-cidr"};
  words.emplace_back("10.1.2.0/24,fd00:1:2::/64");
  words.insert(words.end(), more.begin(), more.end());
  return vethctl(words);
}

Outcome uninstall_from_node() { return vethctl({"uninstall", "--bin-dir", bin_folder, "--conf-dir", conf_folder}); }

TEST(VethctlInstall, InstallsEverythingThatARuntimeNeeds) {
  if (!has_libcni()) GTEST_SKIP() << "NOT RUN: libcni-driver could not be built";
  for (const char* mode : {"ptp", "bridge"}) {
    const auto installed = install_on_node({"--mode", mode});
    ASSERT_EQ(installed.exit, 0) << installed.err;
    const Libcni libcni{.folder = conf_folder, .network = "veth", .path = bin_folder};
    const Container container{"a"};
    const auto added = libcni.run("add", container);
    ASSERT_EQ(added.exit, 0) << mode << added.err;
    for (const int family : {4, 6}) {
      EXPECT_TRUE(ping(Namespace::host(), address_of(json::parse(added.out), family), 5)) << mode << family;
    }
    for (const char* verb : {"check", "del"}) EXPECT_EQ(libcni.run(verb, container).exit, 0) << mode << verb;
  }
}

TEST(VethctlInstall, IsRevertedByUninstallWhenNoContainerIsAttached) {
  if (!has_libcni()) GTEST_SKIP() << "NOT RUN: libcni-driver could not be built";
  ASSERT_EQ(install_on_node().exit, 0);
  const auto before = Snapshot::take();
  const Libcni libcni{.folder = conf_folder, .network = "veth", .path = bin_folder};
  const Container container{"a"};
  ASSERT_EQ(libcni.run("add", container).exit, 0);
  const auto refused = uninstall_from_node();
  EXPECT_EQ(refused.exit, 1);
  EXPECT_EQ(refused.err,
            "vethctl: cannot uninstall: containers are attached to network \"veth\": \"a\"; delete them with the "
            "runtime first (vethctl list prints them), or use --force\n");
  ASSERT_EQ(libcni.run("del", container).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
  EXPECT_EQ(uninstall_from_node().exit, 0);
  EXPECT_TRUE(std::filesystem::is_empty(bin_folder));
  EXPECT_TRUE(std::filesystem::is_empty(conf_folder));
  EXPECT_FALSE(std::filesystem::exists(state_root));
  EXPECT_EQ(run({.argv = {"nft", "list", "ruleset"}}), Outcome{}) << "one command leaves nothing";
}

/// The runtime would call DEL for the running container with the new network, which does not have its record.
TEST(VethctlInstall, RefusesAnotherNameWhileContainersAreAttached) {
  for (const char* mode : {"ptp", "bridge"}) {
    ASSERT_EQ(install_on_node({"--mode", mode}).exit, 0);
    const auto conflist = json::parse(std::ifstream{std::string{conf_folder} + "/10-veth.conflist"});
    auto config = conflist.at("plugins").at(0);
    config.update({{"name", "veth"}, {"cniVersion", "1.0.0"}});
    const Container container{"a"};
    ASSERT_EQ(add(container, config).exit, 0);
    const auto refused = install_on_node({"--mode", mode, "--name", "pods"});
    EXPECT_EQ(refused.exit, 1);
    EXPECT_EQ(refused.err,
              "vethctl: cannot install another network: containers are attached to network \"veth\"; install with "
              "--name veth, delete the containers "
              "first (vethctl list), or use --force\n");
    EXPECT_TRUE(std::filesystem::exists(std::string{conf_folder} + "/10-veth.conflist"));
    EXPECT_EQ(install_on_node({"--mode", mode}).exit, 0) << "the same name";
    ASSERT_EQ(del(container, config).exit, 0);
    EXPECT_EQ(install_on_node({"--mode", mode, "--name", "pods"}).exit, 0);
    EXPECT_FALSE(std::filesystem::exists(std::string{conf_folder} + "/10-veth.conflist"));
  }
}

TEST(VethctlInstall, WritesNoConfigurationWhenStatusFails) {
  std::filesystem::create_directories(state_root);
  std::filesystem::permissions(state_root, std::filesystem::perms::all);
  const auto unsafe = install_on_node();
  EXPECT_EQ(unsafe.exit, 1);
  EXPECT_NE(unsafe.err.find("STATUS of \"/run/test/bin/veth\" failed, no configuration was written: "),
            std::string::npos)
      << unsafe.err;
  EXPECT_TRUE(std::filesystem::is_empty(conf_folder));
}

/// The whole node: the folders are found without options, also when one of them cannot be changed.
TEST(VethctlUninstall, FindsTheFoldersOfInstall) {
  ASSERT_EQ(install_on_node().exit, 0);
  ASSERT_EQ(run({.argv = {"mount", "--bind", bin_folder, bin_folder}}).exit, 0);
  ASSERT_EQ(run({.argv = {"mount", "-o", "remount,bind,ro", bin_folder}}).exit, 0);
  const auto refused = vethctl({"uninstall"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_EQ(refused.err, "vethctl: remove files from folder \"/run/test/bin\": Read-only file system\n");
  EXPECT_TRUE(std::filesystem::exists(std::string{conf_folder} + "/10-veth.conflist")) << "nothing was removed";
  ASSERT_EQ(run({.argv = {"umount", bin_folder}}).exit, 0);
  const auto removed = vethctl({"uninstall"});
  EXPECT_EQ(removed.exit, 0) << removed.err;
  EXPECT_TRUE(std::filesystem::is_empty(bin_folder) && std::filesystem::is_empty(conf_folder));
  EXPECT_FALSE(std::filesystem::exists("/var/lib/vethctl"));
}

}  // namespace
