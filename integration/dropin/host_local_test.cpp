// host-local and static under their names: as IPAM of other plugins, in-process, and beside the reference plugins on
// the same files.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/linked_plugins.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/strace.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;
namespace fs = std::filesystem;

const fs::path lease_folder{"/var/lib/cni/networks/pods"};

json pool(const std::string& subnet) {
  return {{"cniVersion", "1.0.0"},
          {"name", "pods"},
          {"type", "macvlan"},
          {"ipam", {{"type", "host-local"}, {"ranges", {{{{"subnet", subnet}}}}}}}};
}

Answer run_ipam(const std::string& command, const std::string& container, const json& config, const std::string& path,
                const std::string& args = {}) {
  return support::call({.command = command,
                        .container = container,
                        .netns = "/run/netns/none",
                        .args = args,
                        .config = config,
                        .plugin = config.at("ipam").at("type").get<std::string>(),
                        .path = path});
}

class HostLocal : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(reference_plugins)) GTEST_SKIP() << "NOT RUN: containernetworking-plugins is not installed";
    ours_ = dropin::make_plugins();
    fs::remove_all("/var/lib/cni");
  }

  static std::string allocate(const std::string& container, const std::string& path,
                              const json& config = pool("10.6.0.0/29")) {
    const auto added = run_ipam("ADD", container, config, path);
    EXPECT_EQ(added.exit, 0) << added;
    return address_of(added.result, 4);
  }

  std::string ours_;
  const std::string theirs_ = reference_plugins;
};

TEST_F(HostLocal, ContinuesWhereTheReferencePluginStopped) {
  EXPECT_EQ(allocate("a", theirs_), "10.6.0.2");
  EXPECT_EQ(allocate("b", ours_), "10.6.0.3");
  EXPECT_EQ(allocate("c", theirs_), "10.6.0.4");
  EXPECT_EQ(allocate("d", ours_), "10.6.0.5");
  EXPECT_EQ(allocate("e", theirs_), "10.6.0.6");
  for (const auto& path : {ours_, theirs_}) {
    const auto full = run_ipam("ADD", "f", pool("10.6.0.0/29"), path);
    EXPECT_EQ(full.exit, 1);
    EXPECT_NE(full.out.find("no IP addresses available in range set: 10.6.0.1-10.6.0.6"), std::string::npos) << full;
  }
}

TEST_F(HostLocal, EachReleasesTheLeasesOfTheOther) {
  allocate("a", theirs_);
  allocate("b", ours_);
  EXPECT_EQ(run_ipam("CHECK", "a", pool("10.6.0.0/29"), ours_).exit, 0);
  EXPECT_EQ(run_ipam("DEL", "a", pool("10.6.0.0/29"), ours_).exit, 0);
  EXPECT_EQ(run_ipam("DEL", "b", pool("10.6.0.0/29"), theirs_).exit, 0);
  EXPECT_FALSE(fs::exists(lease_folder / "10.6.0.2"));
  EXPECT_FALSE(fs::exists(lease_folder / "10.6.0.3"));
  EXPECT_EQ(code_of(run_ipam("CHECK", "a", pool("10.6.0.0/29"), ours_)), 104);
  EXPECT_EQ(run_ipam("DEL", "a", pool("10.6.0.0/29"), ours_).exit, 0);
}

TEST_F(HostLocal, ReleasesLeasesOfTheOldFormat) {
  fs::create_directories(lease_folder);
  std::ofstream{lease_folder / "10.6.0.4"} << "a";
  EXPECT_EQ(run_ipam("CHECK", "a", pool("10.6.0.0/29"), ours_).exit, 0);
  EXPECT_EQ(run_ipam("DEL", "a", pool("10.6.0.0/29"), ours_).exit, 0);
  EXPECT_FALSE(fs::exists(lease_folder / "10.6.0.4"));
}

TEST_F(HostLocal, RefusesASecondAllocationAsTheReferencePlugin) {
  allocate("a", ours_);
  for (const auto& path : {ours_, theirs_}) {
    const auto again = run_ipam("ADD", "a", pool("10.6.0.0/29"), path);
    EXPECT_EQ(again.exit, 1);
    EXPECT_NE(again.out.find("10.6.0.2 has been allocated to a, duplicate allocation is not allowed"),
              std::string::npos)
        << again;
  }
}

TEST_F(HostLocal, UsesAnyDataDirAlsoThroughSymbolicLinks) {
  fs::create_directories("/run/test/state");
  fs::remove("/run/test/link");
  fs::create_directory_symlink("/run/test/state", "/run/test/link");
  auto config = pool("10.6.0.0/29");
  config["ipam"]["dataDir"] = "/run/test/link/deep";
  EXPECT_EQ(allocate("a", ours_, config), "10.6.0.2");
  EXPECT_TRUE(fs::exists("/run/test/state/deep/pods/10.6.0.2"));
  EXPECT_EQ(run_ipam("DEL", "a", config, theirs_).exit, 0);
  EXPECT_FALSE(fs::exists("/run/test/state/deep/pods/10.6.0.2"));
}

TEST_F(HostLocal, TakesRequestedAddressesOfAllSources) {
  auto config = pool("10.6.0.0/28");
  config["ipam"]["ranges"].push_back({{{"subnet", "10.7.0.0/28"}}});
  config["runtimeConfig"] = {{"ips", {"10.7.0.9"}}};
  const auto added = run_ipam("ADD", "a", config, ours_, "IP=10.6.0.9");
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(fs::exists(lease_folder / "10.6.0.9"));
  EXPECT_TRUE(fs::exists(lease_folder / "10.7.0.9"));
  config.erase("runtimeConfig");
  const auto taken = run_ipam("ADD", "b", config, ours_, "IP=10.6.0.9");
  EXPECT_EQ(code_of(taken), 103) << taken;
  EXPECT_FALSE(fs::exists(lease_folder / "10.7.0.1"));
}

TEST_F(HostLocal, GcReleasesLeasesOfOthersThanTheValidAttachments) {
  allocate("a", ours_);
  allocate("b", theirs_);
  auto config = pool("10.6.0.0/29");
  config["cniVersion"] = "1.1.0";
  config["cni.dev/valid-attachments"] = {{{"containerID", "a"}, {"ifname", "eth0"}}};
  EXPECT_EQ(run_ipam("GC", "", config, ours_).exit, 0);
  EXPECT_TRUE(fs::exists(lease_folder / "10.6.0.2"));
  EXPECT_FALSE(fs::exists(lease_folder / "10.6.0.3"));
}

/// As release 1.10 of the reference plugin: a runtime without containers need not give a list.
TEST_F(HostLocal, GcWithoutAListOfValidAttachmentsReleasesAllLeases) {
  allocate("a", ours_);
  auto config = pool("10.6.0.0/29");
  config["cniVersion"] = "1.1.0";
  EXPECT_EQ(run_ipam("GC", "", config, ours_).exit, 0);
  EXPECT_FALSE(fs::exists(lease_folder / "10.6.0.2"));
}

void make_old(const fs::path& file) {
  fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours{24 * 365 * 20});
}

TEST_F(HostLocal, LeasesEndWithTheBoot) {
  allocate("a", ours_);
  allocate("b", theirs_);
  make_old(lease_folder / "10.6.0.2");
  EXPECT_EQ(allocate("c", ours_), "10.6.0.4");
  EXPECT_TRUE(fs::exists(lease_folder / "10.6.0.2")) << "the boot is the same";
  std::ofstream{lease_folder / "boot_id"} << "00000000-0000-0000-0000-000000000000\n";
  auto config = pool("10.6.0.0/29");
  config["ipam"]["leasesSurviveReboot"] = true;
  EXPECT_EQ(allocate("d", ours_, config), "10.6.0.5");
  EXPECT_TRUE(fs::exists(lease_folder / "10.6.0.2"));
  EXPECT_EQ(allocate("e", ours_), "10.6.0.6");
  EXPECT_FALSE(fs::exists(lease_folder / "10.6.0.2"));
  EXPECT_TRUE(fs::exists(lease_folder / "10.6.0.3")) << "written by the reference plugin in this boot";
}

/// A link to veth-ipam would otherwise wait for the lock that its parent holds.
TEST_F(HostLocal, IsServedUnderTheNameOfALinkToVethIpam) {
  fs::remove(std::string{dropin::plugin_folder} + "/host-local");
  fs::create_symlink(executables() + "/veth-ipam", std::string{dropin::plugin_folder} + "/host-local");
  const Container container{"a"};
  json config{{"cniVersion", "1.0.0"},
              {"name", "pods"},
              {"type", "veth"},
              {"ipam", {{"type", "host-local"}, {"subnet", "10.6.0.0/29"}}}};
  for (const char* command : {"ADD", "CHECK", "DEL"}) {
    const auto answer = support::call({.command = command,
                                       .container = "a",
                                       .netns = container.netns.path(),
                                       .config = config,
                                       .path = ours_,
                                       .timeout = std::chrono::seconds{5}});
    ASSERT_EQ(answer.exit, 0) << command << answer;
    if (answer.result.is_object()) config["prevResult"] = answer.result;
  }
  EXPECT_FALSE(fs::exists(lease_folder / "10.6.0.2"));
}

TEST_F(HostLocal, RunsInTheProcessOfTheInterfacePlugin) {
  for (const auto kind : {dropin::Kind::hard_link, dropin::Kind::symbolic_link, dropin::Kind::copy}) {
    const auto path = dropin::make_plugins(kind);
    for (const char* plugin : {"veth", "ptp", "bridge"}) {
      const Container container{"a"};
      json config{{"cniVersion", "1.0.0"},
                  {"name", "pods"},
                  {"type", plugin},
                  {"isGateway", true},
                  {"ipam", {{"type", "host-local"}, {"subnet", "10.6.0.0/24"}}}};
      Call call{.command = "ADD",
                .container = "a",
                .netns = container.netns.path(),
                .config = config,
                .plugin = plugin,
                .path = path,
                .wrapper = {"strace", "-f", "-qq", "-e", "trace=execve", "-o", "/run/test/trace"}};
      if (!fs::exists("/usr/bin/strace")) call.wrapper.clear();
      const auto added = support::call(call);
      ASSERT_EQ(added.exit, 0) << plugin << added;
      std::ifstream trace{"/run/test/trace"};
      std::string line;
      int executions = 0;
      while (std::getline(trace, line)) executions += line.find("execve(") == std::string::npos ? 0 : 1;
      EXPECT_LE(executions, 1) << plugin << static_cast<int>(kind);
      call.wrapper.clear();
      call.config["prevResult"] = added.result;
      call.command = "DEL";
      EXPECT_EQ(support::call(call).exit, 0);
      EXPECT_FALSE(fs::exists(lease_folder / (address_of(added.result, 4))));
    }
  }
  run_ip(Namespace::host(), {"link", "del", "cni0"});
}

json fixed(const json& addresses) {
  json config{{"cniVersion", "1.0.0"}, {"name", "pods"}, {"type", "macvlan"}, {"ipam", {{"type", "static"}}}};
  if (!addresses.is_null()) config["ipam"]["addresses"] = addresses;
  return config;
}

TEST_F(HostLocal, StaticRefusesWithTheTextsOfTheReferencePlugin) {
  auto by_runtime = fixed(nullptr);
  by_runtime["runtimeConfig"] = {{"ips", {"10.5.0.7"}}};
  auto by_args = fixed(nullptr);
  by_args["args"]["cni"] = {{"ips", {"10.5.0.7"}}};
  auto old = fixed({{{"address", "10.5.0.2/24"}}, {{"address", "10.5.1.2/24"}}});
  old["cniVersion"] = "0.2.0";
  const std::vector<std::pair<json, std::string>> requests{{fixed({{{"address", "10.5.0.2"}}}), ""},
                                                           {fixed(nullptr), "IP=10.5.0.2"},
                                                           {by_runtime, ""},
                                                           {by_args, ""},
                                                           {old, ""}};
  for (const auto& [config, args] : requests) {
    const auto theirs = run_ipam("ADD", "a", config, theirs_, args);
    const auto ours = run_ipam("ADD", "a", config, ours_, args);
    EXPECT_EQ(theirs.exit, 1) << theirs;
    EXPECT_EQ(ours.exit, 1) << ours;
    EXPECT_EQ(ours.result.at("msg"), theirs.result.at("msg"));
    EXPECT_FALSE(ours.result.value("details", "").empty()) << ours;
  }
}

TEST_F(HostLocal, StaticGivesTheResultsOfTheReferencePlugin) {
  const json one{{{"address", "10.5.0.2/24"}, {"gateway", "10.5.0.1"}}};
  const json marshalled{{{"address", "10.5.0.2/24"},
                         {"gateway", "10.5.0.1"},
                         {"Address", {{"IP", ""}, {"Mask", nullptr}}},
                         {"Version", ""}}};
  auto by_runtime = fixed(one);
  by_runtime["runtimeConfig"] = {{"ips", {"10.5.0.7/24"}}};
  const std::vector<std::pair<json, std::string>> requests{{fixed(one), ""},
                                                           {fixed(one), "IP=10.5.1.3/24,fd05::3/64"},
                                                           {fixed(one), "IP=10.5.1.3/24;GATEWAY=10.5.1.1"},
                                                           {fixed(marshalled), ""},
                                                           {fixed(nullptr), ""},
                                                           {by_runtime, "IP=10.5.1.3/24"}};
  for (const auto& [config, args] : requests) {
    const auto theirs = run_ipam("ADD", "a", config, theirs_, args);
    ASSERT_EQ(theirs.exit, 0) << theirs << config << args;
    for (const char* container : {"a", "b"}) {
      const auto ours = run_ipam("ADD", container, config, ours_, args);
      EXPECT_EQ(ours.result.at("cniVersion"), "1.0.0");
      EXPECT_EQ(ours.result.value("ips", json{}), theirs.result.value("ips", json{})) << ours << config << args;
    }
    EXPECT_EQ(run_ipam("DEL", "a", config, ours_).exit, 0);
  }
  auto without = fixed(nullptr);
  without.erase("ipam");
  const auto refused = support::call({.command = "ADD",
                                      .container = "a",
                                      .netns = "/run/netns/none",
                                      .args = "IP=10.5.0.1/24",
                                      .config = without,
                                      .plugin = "static",
                                      .path = ours_});
  EXPECT_EQ(code_of(refused), 7) << refused;
}

}  // namespace
