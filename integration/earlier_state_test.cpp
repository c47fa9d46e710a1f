// Containers that an earlier version has attached: its state folder, as it was then, under today's executables. What is
// in integration/samples/state was written by version 0.1.0, and is added to where the format changes, never changed.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"

#include <filesystem>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

std::string sample(const std::string& name) { return VETH_SOURCE_DIR "/integration/samples/state/" + name; }

json config_of(const std::string& name) { return json::parse(read_text(sample(name) + "/config.json")); }

/// In place of what today's ADD has written; rights as the plugin gives them, which git does not keep.
void put_into_place(const std::string& name) {
  const auto network = state_folder() + "/net";
  constexpr auto as_it_is = std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks;
  std::filesystem::remove_all(network);
  std::filesystem::copy(sample(name) + "/net", network, as_it_is);
  run({.argv = {"chmod", "-R", "go=", network}});
}

/// What the records say, without what is the kernel's.
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
  }
  /// A bridge stays after DEL.
  void TearDown() override {
    if (has_interface(Namespace::host(), "cni0")) change_ip(Namespace::host(), {"link", "delete", "cni0"});
    EXPECT_TRUE(unchanged_since(before));
  }

  json config = config_of(GetParam());
  Snapshot before = Snapshot::take();
  Container a{"a"};
  std::optional<Namespace> peer;
};

TEST_P(EarlierState, IsReadAndDeletedByTodaysVerbs) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto of_today = listed();
  put_into_place(GetParam());
  EXPECT_EQ(listed(), of_today);
  const auto checked = check(a, config, added.result);
  EXPECT_EQ(checked.exit, 0) << checked;
  const auto deleted = del(a, config);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
}

TEST_P(EarlierState, KeepsItsAddresses) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  put_into_place(GetParam());
  EXPECT_EQ(code_of(add(a, config)), 101) << "it stands";
  run({.argv = {"rm", "-f", state_folder() + "/net/cursor"}});
  const Container b{"b"};
  auto another = config;
  another.erase("runtimeConfig");
  if (peer) another["peer"].update({{"ifname", "eth1"}, {"addresses", {"10.1.2.130/24", "fd00:1:2::130/64"}}});
  const auto beside = add(b, another);
  ASSERT_EQ(beside.exit, 0) << beside;
  EXPECT_EQ(address_of(beside.result, 4), "10.1.2.3");
  EXPECT_EQ(address_of(beside.result, 6), "fd00:1:2::3");
  EXPECT_EQ(collect(config, {}).exit, 0);
}

INSTANTIATE_TEST_SUITE_P(Of, EarlierState, testing::Values("ptp", "ptp-with-everything", "bridge", "netns"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::erase(name, '-');
                           return name;
                         });

/// The record of an attachment that `vethctl import` has taken over: its interface has a name of another plugin's.
TEST(EarlierImport, IsDeletedByTodaysVerbs) {
  const auto host = Namespace::host();
  const auto before = Snapshot::take();
  const Container a{"a"};
  change_ip(host,
            {"link", "add", "vethimported", "index", "100", "type", "veth", "peer", "name", "eth0", "netns", "a"});
  const Container other{"other"};
  ASSERT_EQ(add(other, dual_stack()).exit, 0);
  ASSERT_EQ(del(other, dual_stack()).exit, 0);
  put_into_place("imported");
  EXPECT_EQ(listed().at(0).at("addresses"), json::array({"10.1.2.2/32", "fd00:1:2::2/128"}));
  EXPECT_EQ(listed().at(0).at("hostInterface"), "vethimported");
  const auto deleted = del(a, config_of("imported"));
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_FALSE(has_interface(host, "vethimported"));
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
