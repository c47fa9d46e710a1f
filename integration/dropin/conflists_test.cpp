// Configurations of kind, k3s, nerdctl, Podman, containerd and others run unchanged with veth under the names of the
// reference plugins, and give the same results.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/libcni.hpp"
#include "integration/support/linked_plugins.hpp"
#include "integration/support/snapshot.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;
namespace fs = std::filesystem;

constexpr auto conflist_folder = VETH_SOURCE_DIR "/integration/dropin/conflists";
constexpr auto runtime_values = R"({"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]})";

std::vector<std::string> conflist_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator{conflist_folder}) {
    if (entry.path().extension() == ".conflist") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

json read_conflist(const std::string& name) {
  return json::parse(std::ifstream{std::string{conflist_folder} + '/' + name + ".conflist"});
}

/// Without the names of host interfaces that a plugin chooses, and MACs, which are random or derived.
json normalized(json result) {
  if (result.value("dns", json{}) == json::object()) result.erase("dns");  // some releases write it, some do not
  if (!result.contains("interfaces")) return result;
  for (auto& interface : result["interfaces"]) {
    const auto name = interface.at("name").get<std::string>();
    for (const char* prefix : {"veth", "ifb", "bwp"}) {
      if (!interface.contains("sandbox") && name.starts_with(prefix)) interface["name"] = "(host)";
    }
    if (interface.contains("mac")) interface["mac"] = "(mac)";
  }
  return result;
}

bool has_gateway(const json& plugin) {
  return plugin.at("type") == "ptp" || plugin.value("isGateway", false) || plugin.value("isDefaultGateway", false);
}

/// What the network has left by intention, and leases, which would let the next address be another one.
void reset_node(const json& conflist) {
  const auto& first = conflist.at("plugins").at(0);
  const auto bridge = first.value("bridge", first.at("type") == "bridge" ? "cni0" : "");
  if (!bridge.empty() && has_interface(Namespace::host(), bridge)) run_ip(Namespace::host(), {"link", "del", bridge});
  for (const char* folder : {"/var/lib/cni", "/run/cni-ipam-state", "/run/test/libcni"}) fs::remove_all(folder);
}

class Conflist : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!has_libcni()) GTEST_SKIP() << "NOT RUN: libcni-driver could not be built";
    if (!fs::exists(reference_plugins)) GTEST_SKIP() << "NOT RUN: containernetworking-plugins is not installed";
    fs::create_directories("/run/test/conf");
    fs::copy_file(fs::path{conflist_folder} / (GetParam() + ".conflist"), "/run/test/conf/a.conflist",
                  fs::copy_options::overwrite_existing);
    if (!fs::exists("/etc/resolv.conf")) GTEST_SKIP() << "NOT RUN: no /etc/resolv.conf";
  }

  Libcni libcni(const std::string& path) const {
    return {.folder = "/run/test/conf",
            .network = read_conflist(GetParam()).at("name").get<std::string>(),
            .path = path,
            .capabilities = runtime_values};
  }

  Container container() const {
    return GetParam() == "loopback" ? Container{.id = "a", .interface = "lo"} : Container{"a"};
  }
};

TEST_P(Conflist, GivesTheResultOfTheReferencePlugins) {
  const auto conflist = read_conflist(GetParam());
  json results;
  for (const std::string& path : {std::string{reference_plugins}, dropin::make_plugins()}) {
    const auto box = container();
    const auto added = libcni(path).run("add", box);
    ASSERT_EQ(added.exit, 0) << path << ": " << added.out << added.err;
    results.push_back(normalized(json::parse(added.out)));
    EXPECT_EQ(libcni(path).run("del", box).exit, 0);
    reset_node(conflist);
  }
  if (!results.at(0).contains("dns")) results.at(1).erase("dns");  // bridge 1.1.1 drops that of the IPAM
  EXPECT_EQ(results.at(0), results.at(1)) << results.at(0).dump(2) << results.at(1).dump(2);
}

TEST_P(Conflist, WorksAndLeavesNothing) {
  const auto conflist = read_conflist(GetParam());
  const auto path = dropin::make_plugins();
  const auto before = Snapshot::take();
  {
    const auto box = container();
    const auto added = libcni(path).run("add", box);
    ASSERT_EQ(added.exit, 0) << added.out << added.err;
    const auto result = json::parse(added.out);
    for (const int family : {4, 6}) {
      const bool is_reachable = has_gateway(conflist.at("plugins").at(0)) && !address_of(result, family).empty();
      if (!is_reachable) continue;
      EXPECT_TRUE(ping(Namespace::host(), address_of(result, family), 5)) << family;
      EXPECT_TRUE(ping(box.netns, gateway_of(result, family), 5)) << family;
    }
    if (conflist.at("cniVersion") >= "0.4.0") {
      const auto checked = libcni(path).run("check", box);
      EXPECT_EQ(checked.exit, 0) << checked.out << checked.err;
    }
    for (int time = 0; time < 2; ++time) EXPECT_EQ(libcni(path).run("del", box).exit, 0);
  }
  const auto leases = fs::exists("/var/lib/cni/networks") ? fs::path{"/var/lib/cni/networks"} : fs::path{"/run/test"};
  for (const auto& entry : fs::recursive_directory_iterator{leases}) {
    const auto name = entry.path().filename().string();
    EXPECT_FALSE(name.starts_with("10.") || name.starts_with("172.") || name.starts_with("fd")) << entry.path();
  }
  reset_node(conflist);
}

TEST_P(Conflist, IsValid) {
  const auto validated = vethctl({"validate", "--cni-path", dropin::make_plugins(), "/run/test/conf/a.conflist"});
  EXPECT_EQ(validated.exit, 0) << validated.out;
  for (const auto& plugin : read_conflist(GetParam()).at("plugins")) {
    const auto type = plugin.at("type").get<std::string>();
    if (std::ranges::find(dropin::replaced_names(), type) == dropin::replaced_names().end()) continue;
    EXPECT_NE(validated.out.find("(" + type + "): ok"), std::string::npos) << validated.out;
  }
}

INSTANTIATE_TEST_SUITE_P(DropIn, Conflist, testing::ValuesIn(conflist_names()), [](const auto& parameter) {
  auto name = parameter.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
