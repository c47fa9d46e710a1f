// Containers that an earlier version attached: the current executables read its state folder. The files in
// integration/samples/state were written by version 0.1.0. They are never changed; new ones are added when the format
// changes.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"
#include "integration/support/sysctl.hpp"

#include <filesystem>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

std::string sample(const std::string& name) { return VETH_SOURCE_DIR "/integration/samples/state/" + name; }

json config_of(const std::string& name) { return json::parse(read_text(sample(name) + "/config.json")); }

/// Replaces the records that the current ADD has written. Sets the modes that the plugin gives, since git does not keep
/// them.
void install_sample(const std::string& name) {
  const auto network = state_folder() + "/net";
  constexpr auto with_links = std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks;
  std::filesystem::remove_all(network);
  std::filesystem::copy(sample(name) + "/net", network, with_links);
  run({.argv = {"chmod", "-R", "go=", network}});
}

/// The attachments by their records, without the values that the kernel chooses.
json listed() {
  auto all = json::parse(vethctl({"list", "--output", "json"}).out);
  for (auto& attachment : all) {
    attachment.erase("ageSeconds");
    attachment.erase("hostIndex");
  }
  return all;
}

class EarlierState : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (config.contains("peer")) peer.emplace("peer");
    if (config.contains("sysctl") && sysctl_of(a.netns, "core/somaxconn").empty())
      GTEST_SKIP() << "NOT RUN: this kernel has no net.core.somaxconn in a user namespace";
  }
  /// A bridge stays after DEL.
  void TearDown() override {
    if (has_interface(Namespace::host(), "cni0")) run_ip(Namespace::host(), {"link", "delete", "cni0"});
    EXPECT_TRUE(unchanged_since(before));
  }

  json config = config_of(GetParam());
  Snapshot before = Snapshot::take();
  Container a{"a"};
  std::optional<Namespace> peer;
};

TEST_P(EarlierState, IsReadAndDeletedByTheCurrentVersion) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto current = listed();
  install_sample(GetParam());
  EXPECT_EQ(listed(), current);
  const auto checked = check(a, config, added.result);
  EXPECT_EQ(checked.exit, 0) << checked;
  const auto deleted = del(a, config);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
}

TEST_P(EarlierState, KeepsItsAddresses) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  install_sample(GetParam());
  EXPECT_EQ(code_of(add(a, config)), 101) << "it exists";
  run({.argv = {"rm", "-f", state_folder() + "/net/cursor"}});
  const Container b{"b"};
  auto another = config;
  another.erase("runtimeConfig");
  if (peer) another["peer"].update({{"ifname", "eth1"}, {"addresses", {"10.1.2.130/24", "fd00:1:2::130/64"}}});
  const auto second = add(b, another);
  ASSERT_EQ(second.exit, 0) << second;
  EXPECT_EQ(address_of(second.result, 4), "10.1.2.3");
  EXPECT_EQ(address_of(second.result, 6), "fd00:1:2::3");
  EXPECT_EQ(gc(config, {}).exit, 0);
}

INSTANTIATE_TEST_SUITE_P(Of, EarlierState, testing::Values("ptp", "ptp-with-everything", "bridge", "netns"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::erase(name, '-');
                           return name;
                         });

/// The record of an attachment that `vethctl import` has taken over: another plugin has named its interface.
TEST(EarlierImport, IsDeletedByTheCurrentVersion) {
  const auto host = Namespace::host();
  const auto before = Snapshot::take();
  const Container a{"a"};
  run_ip(host, {"link", "add", "vethimported", "index", "100", "type", "veth", "peer", "name", "eth0", "netns", "a"});
  const Container other{"other"};
  ASSERT_EQ(add(other, dual_stack()).exit, 0);
  ASSERT_EQ(del(other, dual_stack()).exit, 0);
  install_sample("imported");
  EXPECT_EQ(listed().at(0).at("addresses"), json::array({"10.1.2.2/32", "fd00:1:2::2/128"}));
  EXPECT_EQ(listed().at(0).at("hostInterface"), "vethimported");
  const auto deleted = del(a, config_of("imported"));
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_FALSE(has_interface(host, "vethimported"));
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
