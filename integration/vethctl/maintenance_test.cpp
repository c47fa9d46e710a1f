// vethctl validate, gc, leases and import on a node with attachments.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/libcni.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

std::vector<std::string> leased_addresses() {
  std::vector<std::string> addresses;
  for (const auto& lease : json::parse(vethctl({"leases", "list", "--output", "json"}).out)) {
    addresses.push_back(lease.at("address").get<std::string>());
  }
  return addresses;
}

using Texts = std::vector<std::string>;

/// Waits for the kernel, which deletes the interfaces of a namespace some time after its last reference is gone.
bool is_deleted_soon(const std::string& interface) {
  for (int tries = 0; tries < 500 * slowness(); ++tries) {
    if (!has_interface(Namespace::host(), interface)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return false;
}

TEST(VethctlValidate, AcceptsTheExamples) {
  Texts words{"validate", "--cni-path", ""};
  for (const auto& entry : std::filesystem::directory_iterator{VETH_SOURCE_DIR "/conf"}) {
    if (entry.path().extension() == ".conflist") words.push_back(entry.path());
  }
  ASSERT_GT(words.size(), 3U);
  const auto outcome = vethctl(words);
  EXPECT_EQ(outcome.exit, 0) << outcome.out << outcome.err;
  for (const auto* kind : {"fault", "warning"}) EXPECT_EQ(outcome.out.find(kind), std::string::npos) << outcome.out;
}

/// The default state folder contains the list of other state folders, and was deleted.
TEST(VethctlDataDirs, AreListedAgainByRepair) {
  auto config = dual_stack();
  config["ipam"]["dataDir"] = "/run/other";
  const Container a{"a"};
  ASSERT_EQ(add(a, config).exit, 0);
  ASSERT_EQ(run({.argv = {"rm", "-r", state_root}}).exit, 0);
  EXPECT_NE(vethctl({"list"}).out.find("unrecorded"), std::string::npos);
  EXPECT_EQ(vethctl({"repair", "--data-dir", "/run/other"}).out, "nothing to restore\n");
  EXPECT_NE(vethctl({"list"}).out.find("live"), std::string::npos);
  EXPECT_EQ(vethctl({"check"}).exit, 0);
  EXPECT_EQ(del(a, config).exit, 0);
}

TEST(VethctlValidate, ReportsATypoWithTheMessageOfAdd) {
  auto config = dual_stack();
  config["mtuu"] = 1400;
  const Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 1) << added;
  const auto outcome = vethctl({"validate", "--cni-path", executables(), "-"}, config.dump());
  EXPECT_EQ(outcome.exit, 1);
  EXPECT_EQ(outcome.out, "standard input (veth): fault, code " + std::to_string(code_of(added)) + ": " +
                             added.result.at("msg").get<std::string>() + '\n');
}

TEST(VethctlGc, ReleasesTheAddressesOfANamespaceDeletedWithoutDel) {
  const auto before = Snapshot::take();
  Container a{"a"};
  const Container b{"b"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit, 0) << added;
  ASSERT_EQ(add(b, dual_stack()).exit, 0);
  EXPECT_EQ(vethctl({"gc"}).out, "no stale attachments\n");
  a.netns.remove();
  ASSERT_TRUE(is_deleted_soon(host_interface_of(added.result)));
  EXPECT_EQ(vethctl({"gc", "--dry-run"}).out, "would remove net/a/eth0: 10.1.2.2, fd00:1:2::2\n");
  EXPECT_EQ(leased_addresses().size(), 4U);
  const auto collected = vethctl({"gc"});
  EXPECT_EQ(collected.exit, 0) << collected.err;
  EXPECT_EQ(collected.out, "removed net/a/eth0: 10.1.2.2, fd00:1:2::2\n");
  EXPECT_EQ(leased_addresses(), (Texts{"10.1.2.3", "fd00:1:2::3"}));
  EXPECT_TRUE(ping(Namespace::host(), "10.1.2.3"));
  EXPECT_EQ(del(b, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST(VethctlLeases, AreListedAndReleased) {
  const auto before = Snapshot::take();
  const Container a{"a"};
  const auto added = add(a, ipv4_only());
  ASSERT_EQ(added.exit, 0) << added;
  const auto listed = vethctl({"leases", "list", "net"});
  EXPECT_EQ(listed.exit, 0) << listed.err;
  EXPECT_NE(listed.out.find("net      10.1.2.2  a          eth0       live   "), std::string::npos) << listed.out;
  const auto refused = vethctl({"leases", "release", "net", "10.1.2.2"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_NE(refused.err.find(host_interface_of(added.result) + "\" exists"), std::string::npos) << refused.err;
  run_ip(Namespace::host(), {"link", "delete", host_interface_of(added.result)});
  const auto released = vethctl({"leases", "release", "net", "10.1.2.2"});
  EXPECT_EQ(released.out, "released 10.1.2.2 of network \"net\", held by container \"a\", interface \"eth0\"\n")
      << released.err;
  EXPECT_TRUE(unchanged_since(before));
}

TEST(VethctlLeases, OfAnotherPluginAreKeptWhileTheNamespaceExists) {
  if (!std::filesystem::exists(reference_plugins)) GTEST_SKIP() << "NOT RUN: containernetworking-plugins is missing";
  json config = ipv4_only();
  config["type"] = "ptp";
  Container a{"a"};
  const auto added =
      call({.command = "ADD", .container = "a", .netns = a.netns.path(), .config = config, .plugin = "ptp"});
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(vethctl({"leases", "release", "net", "10.1.2.2"}).exit, 1);
  a.netns.remove();
  EXPECT_EQ(vethctl({"gc"}).out, "no stale attachments\n")
      << "gc cannot know whether an interface of another plugin exists";
  EXPECT_EQ(vethctl({"leases", "release", "net", "10.1.2.2"}).exit, 0);
  EXPECT_EQ(leased_addresses(), Texts{});
}

/// A container that was attached by the reference plugins ptp or bridge, and host-local, through libcni.
class VethctlImport : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(reference_plugins)) GTEST_SKIP() << "NOT RUN: containernetworking-plugins is missing";
    if (!has_libcni()) GTEST_SKIP() << "NOT RUN: libcni-driver could not be built";
    std::filesystem::create_directories(libcni.folder);
    auto plugin = dual_stack();
    plugin["type"] = GetParam();
    plugin["isGateway"] = true;
    plugin["ipam"]["type"] = "host-local";
    plugin["ipam"]["dataDir"] = "/run/cni/networks";
    const json list{{"cniVersion", "1.0.0"}, {"name", "net"}, {"plugins", json::array({plugin})}};
    std::ofstream{libcni.folder + "/net.conflist"} << list;
    const auto added = libcni.run("add", a);
    ASSERT_EQ(added.exit, 0) << added.err << added.out;
    result = json::parse(added.out);
  }

  static Outcome import(const Texts& more = {}) {
    Texts words{"import", "host-local", "/run/cni/networks/net", "--results", "/run/test/libcni/results"};
    words.insert(words.end(), more.begin(), more.end());
    return vethctl(words);
  }

  /// The name of the host end; the result also contains the bridge.
  std::string host_veth() const {
    for (const auto& interface : result.at("interfaces")) {
      auto name = interface.at("name").get<std::string>();
      if (interface.value("sandbox", "").empty() && name.starts_with("veth")) return name;
    }
    return {};
  }

  Libcni libcni{.folder = "/run/test/net.d", .network = "net"};
  Container a{"a"};
  json result;
};

TEST_P(VethctlImport, TakesOverARunningContainerUntilDel) {
  const auto imported = import();
  EXPECT_EQ(imported.exit, 0) << imported.err;
  EXPECT_EQ(imported.out, "10.1.2.2, fd00:1:2::2 of a/eth0: imported: host interface " + host_veth() + '\n');
  EXPECT_EQ(leased_addresses(), (Texts{"10.1.2.2", "fd00:1:2::2"}));
  EXPECT_EQ(import().out, "10.1.2.2, fd00:1:2::2 of a/eth0: already imported\n");
  EXPECT_EQ(vethctl({"gc"}).out, "no stale attachments\n");
  EXPECT_TRUE(ping(Namespace::host(), "10.1.2.2", 5));
  const auto bridges = ip(Namespace::host(), {"link", "show", "type", "bridge"}).size();
  const auto deleted = del(a, dual_stack(), result);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_FALSE(has_interface(Namespace::host(), host_veth()));
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
  EXPECT_EQ(ip(Namespace::host(), {"link", "show", "type", "bridge"}).size(), bridges) << "the bridge stays";
  EXPECT_EQ(leased_addresses(), Texts{});
}

TEST_P(VethctlImport, FindsTheInterfaceAfterNameAndAliasWereChanged) {
  ASSERT_EQ(import().exit, 0);
  const auto host = Namespace::host();
  run_ip(host, {"link", "set", host_veth(), "alias", "rack 7"});
  rename_interface(host, host_veth(), "rack7");
  EXPECT_EQ(json::parse(vethctl({"gc", "--output", "json"}).out).at("dropped"), json::array());
  EXPECT_EQ(leased_addresses(), (Texts{"10.1.2.2", "fd00:1:2::2"}));
  const auto deleted = del(a, dual_stack(), result);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_FALSE(has_interface(host, "rack7"));
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
  EXPECT_EQ(leased_addresses(), Texts{});
}

TEST_P(VethctlImport, ReservesTheAddress) {
  ASSERT_EQ(import().exit, 0);
  const Container b{"b"};
  const auto added = add(b, ipv4_only());
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(address_of(added.result, 4), "10.1.2.3");
}

TEST_P(VethctlImport, ChangesNothingInADryRun) {
  const auto before = Snapshot::take_settled();
  const auto planned = import({"--dry-run"});
  EXPECT_EQ(planned.exit, 0) << planned.err;
  EXPECT_EQ(planned.out, "10.1.2.2, fd00:1:2::2 of a/eth0: would be imported: host interface " + host_veth() + '\n');
  EXPECT_TRUE(unchanged_since(before));
}

INSTANTIATE_TEST_SUITE_P(From, VethctlImport, testing::Values("ptp", "bridge"),
                         [](const auto& plugin) { return plugin.param; });

}  // namespace
