// Containers that the reference plugins have attached are checked and deleted by veth under their names, and the other
// way round: nothing is left.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/linked_plugins.hpp"
#include "integration/support/snapshot.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;
namespace fs = std::filesystem;

json pods_config(const std::string& type, bool masquerades) {
  json config{{"cniVersion", "1.0.0"},
              {"name", "net"},
              {"type", type},
              {"ipMasq", masquerades},
              {"ipam",
               {{"type", "host-local"},
                {"ranges", {{{{"subnet", "10.77.0.0/24"}}}, {{{"subnet", "fd77::/64"}}}}},
                {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}}}};
  if (type == "bridge") config.update({{"bridge", "br77"}, {"isGateway", true}});
  return config;
}

std::vector<std::string> lease_files() {
  std::vector<std::string> names;
  const fs::path folder{"/var/lib/cni/networks/net"};
  if (!fs::exists(folder)) return names;
  for (const auto& entry : fs::directory_iterator{folder}) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("10.") || name.starts_with("fd")) names.push_back(name);
  }
  return names;
}

std::string content_of(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// Calls of one container.
struct Caller {
  const Container& container;
  json config;
  json result = nullptr;

  Answer run(const std::string& command, const std::string& path) {
    Call call{.command = command,
              .container = container.id,
              .netns = container.netns.path(),
              .config = config,
              .plugin = config.at("type").get<std::string>(),
              .path = path};
    if (!result.is_null()) call.config["prevResult"] = result;
    auto answer = support::call(call);
    if (command == "ADD") result = answer.result;
    return answer;
  }
};

class ReferenceAttachment : public testing::TestWithParam<std::tuple<std::string, bool>> {
 protected:
  void SetUp() override {
    if (!fs::exists(reference_plugins)) GTEST_SKIP() << "NOT RUN: containernetworking-plugins is not installed";
    ours_ = dropin::make_plugins();
    // So that forwarding, bridge and chains of iptables, which stay, are in the snapshot.
    const Container first{"first"};
    for (const auto& path : {theirs_, ours_}) {
      Caller caller{first, config()};
      ASSERT_EQ(caller.run("ADD", path).exit, 0);
      ASSERT_EQ(caller.run("DEL", path).exit, 0);
    }
    fs::remove_all("/var/lib/cni/networks");
  }

  static json config() { return pods_config(std::get<0>(GetParam()), std::get<1>(GetParam())); }

  std::string ours_;
  const std::string theirs_ = reference_plugins;
};

TEST_P(ReferenceAttachment, IsCheckedAndDeletedByOurs) {
  const auto before = Snapshot::take();
  {
    const Container container{"a"};
    Caller caller{container, config()};
    ASSERT_EQ(caller.run("ADD", theirs_).exit, 0);
    ASSERT_EQ(lease_files().size(), 2U);
    const auto checked = caller.run("CHECK", ours_);
    EXPECT_EQ(checked.exit, 0) << checked;
    for (int time = 0; time < 2; ++time) {
      const auto deleted = caller.run("DEL", ours_);
      EXPECT_EQ(deleted.exit, 0) << deleted;
      EXPECT_FALSE(has_interface(container.netns, "eth0"));
    }
  }
  EXPECT_TRUE(lease_files().empty());
  fs::remove_all("/var/lib/cni/networks");
  EXPECT_TRUE(unchanged_since(before));
}

/// Runtimes before CNI 0.4.0 do not pass it.
TEST_P(ReferenceAttachment, IsDeletedByOursWithoutPreviousResult) {
  const Container container{"a"};
  Caller caller{container, config()};
  ASSERT_EQ(caller.run("ADD", theirs_).exit, 0);
  caller.result = nullptr;
  ASSERT_EQ(caller.run("DEL", ours_).exit, 0);
  EXPECT_FALSE(has_interface(container.netns, "eth0"));
  EXPECT_TRUE(lease_files().empty());
}

TEST_P(ReferenceAttachment, CheckReportsWhatIsMissing) {
  const Container container{"a"};
  Caller caller{container, config()};
  ASSERT_EQ(caller.run("ADD", theirs_).exit, 0);
  run_ip(container.netns, {"route", "del", "default"});
  const auto checked = caller.run("CHECK", ours_);
  EXPECT_EQ(checked.exit, 1) << checked;
  EXPECT_EQ(code_of(checked), 104);
  ASSERT_EQ(caller.run("DEL", ours_).exit, 0);
}

TEST_P(ReferenceAttachment, OursIsCheckedAndDeletedByTheReference) {
  const Container container{"a"};
  Caller caller{container, config()};
  ASSERT_EQ(caller.run("ADD", ours_).exit, 0);
  ASSERT_EQ(lease_files().size(), 2U);
  for (const auto& name : lease_files()) EXPECT_EQ(content_of("/var/lib/cni/networks/net/" + name), "a\r\neth0");
  const auto checked = caller.run("CHECK", theirs_);
  EXPECT_EQ(checked.exit, 0) << checked;
  // Release 1.1.1 does not recognize the answer of iptables 1.8.9 that its rules do not exist; the repetition succeeds.
  caller.run("DEL", theirs_);
  const auto deleted = caller.run("DEL", theirs_);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_FALSE(has_interface(container.netns, "eth0"));
  EXPECT_TRUE(lease_files().empty());
  // The next ADD of ours tears down what is left.
  ASSERT_EQ(caller.run("ADD", ours_).exit, 0);
  ASSERT_EQ(caller.run("DEL", ours_).exit, 0);
}

INSTANTIATE_TEST_SUITE_P(DropIn, ReferenceAttachment,
                         testing::Combine(testing::Values("ptp", "bridge"), testing::Bool()),
                         [](const auto& parameter) {
                           return std::get<0>(parameter.param) + (std::get<1>(parameter.param) ? "_with_ipMasq" : "");
                         });

}  // namespace
