// vethctl install --replace-reference, and uninstall: containers stay attached in both directions.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;
namespace fs = std::filesystem;

const fs::path replaced_folder{"/run/test/replaced"};
constexpr auto replaced_conf = "/run/test/conf.d";

const std::vector<std::string> reference_names{"ptp",     "bridge",    "host-local", "static",
                                               "portmap", "bandwidth", "tuning",     "loopback"};

Outcome install_links(const std::vector<std::string>& more = {"--replace-reference"}) {
  std::vector<std::string> words{"install", "--bin-dir", replaced_folder, "--conf-dir", replaced_conf};
  words.insert(words.end(), more.begin(), more.end());
  return vethctl(words);
}

Outcome put_back() {
  return vethctl({"uninstall", "--force", "--bin-dir", replaced_folder, "--conf-dir", replaced_conf});
}

bool is_same_file(const fs::path& left, const fs::path& right) { return fs::equivalent(left, right); }

class ReplaceReference : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(reference_plugins)) GTEST_SKIP() << "NOT RUN: containernetworking-plugins is not installed";
    fs::remove_all(replaced_folder);
    fs::remove_all("/var/lib/cni");
    fs::create_directories(replaced_folder);
    for (const auto& name : reference_names) fs::copy_file(fs::path{reference_plugins} / name, replaced_folder / name);
  }
};

TEST_F(ReplaceReference, LinksTheNamesAndKeepsTheOriginals) {
  for (int time = 0; time < 2; ++time) {
    const auto installed = install_links();
    ASSERT_EQ(installed.exit, 0) << installed.err;
    for (const auto& name : reference_names) {
      EXPECT_TRUE(is_same_file(replaced_folder / name, replaced_folder / "veth")) << name;
      EXPECT_EQ(fs::file_size(replaced_folder / (name + ".reference")),
                fs::file_size(fs::path{reference_plugins} / name))
          << name;
    }
  }
}

/// As for an upgrade: the links lead to the file that is replaced.
TEST_F(ReplaceReference, IsRenewedByALaterInstallWithoutTheOption) {
  ASSERT_EQ(install_links().exit, 0);
  fs::copy_file(replaced_folder / "veth", replaced_folder / "copy");
  fs::rename(replaced_folder / "copy", replaced_folder / "veth");
  ASSERT_FALSE(is_same_file(replaced_folder / "ptp", replaced_folder / "veth"));
  const auto installed = install_links({});
  ASSERT_EQ(installed.exit, 0) << installed.err;
  for (const char* name : {"ptp", "host-local"}) {
    EXPECT_TRUE(is_same_file(replaced_folder / name, replaced_folder / "veth")) << name;
  }
}

TEST_F(ReplaceReference, IsRevertedByUninstall) {
  ASSERT_EQ(install_links().exit, 0);
  const auto removed = put_back();
  ASSERT_EQ(removed.exit, 0) << removed.out << removed.err;
  for (const auto& name : reference_names) {
    EXPECT_EQ(fs::file_size(replaced_folder / name), fs::file_size(fs::path{reference_plugins} / name)) << name;
    EXPECT_FALSE(fs::exists(replaced_folder / (name + ".reference"))) << name;
  }
  EXPECT_FALSE(fs::exists(replaced_folder / "veth"));
}

TEST_F(ReplaceReference, NamesWithoutAnOriginalAreRemovedByUninstall) {
  fs::remove(replaced_folder / "ptp");
  ASSERT_EQ(install_links().exit, 0);
  EXPECT_FALSE(fs::exists(replaced_folder / "ptp.reference"));
  ASSERT_EQ(put_back().exit, 0);
  EXPECT_FALSE(fs::exists(replaced_folder / "ptp"));
}

Answer call_replaced(const std::string& command, const Container& container, json config, const json& result) {
  if (!result.is_null()) config["prevResult"] = result;
  return support::call({.command = command,
                        .container = container.id,
                        .netns = container.netns.path(),
                        .config = config,
                        .plugin = config.at("type").get<std::string>(),
                        .path = replaced_folder.string()});
}

/// Five containers of each version, which the other one deletes.
TEST_F(ReplaceReference, WorksWithRunningContainersForthAndBack) {
  const json config{{"cniVersion", "1.0.0"},
                    {"name", "pods"},
                    {"type", "ptp"},
                    {"ipMasq", true},
                    {"ipam",
                     {{"type", "host-local"},
                      {"ranges", {{{{"subnet", "10.66.0.0/24"}}}, {{{"subnet", "fd66::/64"}}}}},
                      {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}}}};
  for (const bool is_forth : {true, false}) {
    std::vector<std::unique_ptr<Container>> containers;
    std::vector<json> results;
    for (int index = 0; index < 5; ++index) {
      containers.push_back(std::make_unique<Container>(Container{"c" + std::to_string(index)}));
      const auto added = call_replaced("ADD", *containers.back(), config, nullptr);
      ASSERT_EQ(added.exit, 0) << added;
      results.push_back(added.result);
    }
    const auto changed = is_forth ? install_links() : put_back();
    ASSERT_EQ(changed.exit, 0) << changed.out << changed.err;
    for (std::size_t index = 0; index < containers.size(); ++index) {
      EXPECT_TRUE(ping(containers[index]->netns, "10.66.0.1", 2));
      EXPECT_EQ(call_replaced("CHECK", *containers[index], config, results[index]).exit, 0);
      // Release 1.1.1 does not recognize the answer of iptables 1.8.9 that its rules do not exist.
      if (!is_forth) call_replaced("DEL", *containers[index], config, results[index]);
      const auto deleted = call_replaced("DEL", *containers[index], config, results[index]);
      EXPECT_EQ(deleted.exit, 0) << deleted;
      EXPECT_FALSE(has_interface(containers[index]->netns, "eth0"));
      EXPECT_FALSE(fs::exists("/var/lib/cni/networks/pods/" + address_of(results[index], 4)));
    }
  }
}

}  // namespace
