// vethctl add, del and check call the plugins of a network as libcni does.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/libcni.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto attach_folder = "/run/test/attach";

class VethctlAttach : public testing::Test {
 protected:
  VethctlAttach() { std::filesystem::create_directories(attach_folder); }
  ~VethctlAttach() override { std::filesystem::remove_all(attach_folder); }

  static Outcome attach(std::vector<std::string> words) {
    words.insert(words.end(), {"--conf-dir", attach_folder, "--cache-dir", std::string{attach_folder} + "/cache",
                               "--cni-path", default_path()});
    return vethctl(words);
  }

  static void write_list(json own, const std::vector<json>& others = {}) {
    const auto version = own["cniVersion"];
    for (const char* key : {"cniVersion", "name"}) own.erase(key);
    std::vector<json> plugins{own};
    plugins.insert(plugins.end(), others.begin(), others.end());
    write_text(std::string{attach_folder} + "/10.conflist",
               json{{"cniVersion", version}, {"name", "net"}, {"plugins", plugins}}.dump());
  }

  Snapshot before = Snapshot::take();
  Container one{"one"};
};

/// The newest version that Debian's reference plugins support.
json in_version_100(const std::string& mode) {
  auto config = in_mode(mode);
  config["cniVersion"] = "1.0.0";
  return config;
}

const json portmap_plugin{{"type", "portmap"}, {"capabilities", {{"portMappings", true}}}};
constexpr auto mapped_port = R"({"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]})";

TEST_F(VethctlAttach, AddsChecksAndDeletes) {
  for (const auto* version : {"0.3.1", "0.4.0", "1.0.0", "1.1.0"}) {
    auto config = in_mode("ptp");
    config["cniVersion"] = version;
    write_list(config);
    const auto added = attach({"add", "net", "one"});
    ASSERT_EQ(added.exit, 0) << added.err;
    EXPECT_EQ(json::parse(added.out)["cniVersion"], version);
    EXPECT_TRUE(ping(Namespace::host(), addresses(one.netns, "eth0").front().substr(0, 8)));
    const auto checked = attach({"check", "net", "one"});
    EXPECT_EQ(checked.exit, version == std::string{"0.3.1"} ? 1 : 0) << checked.err;
    const auto deleted = attach({"del", "net", one.netns.path()});
    EXPECT_EQ(deleted.exit, 0) << deleted.err;
    EXPECT_EQ(deleted.out, "");
    EXPECT_TRUE(unchanged_since(before)) << version;
  }
}

TEST_F(VethctlAttach, RunsASingleConfigurationByItsPath) {
  const auto path = std::string{attach_folder} + "/single.conf";
  write_text(path, ipv4_only().dump());
  ASSERT_EQ(attach({"add", path, "one", "--container", "c7", "--interface", "net1"}).exit, 0);
  EXPECT_TRUE(has_interface(one.netns, "net1"));
  EXPECT_EQ(attach({"del", path, "one", "--container", "c7", "--interface", "net1"}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlAttach, RunsOtherPluginsWithCapabilities) {
  write_list(in_version_100("ptp"), {portmap_plugin});
  const auto added = attach({"add", "net", "one", "--capability-args", mapped_port});
  ASSERT_EQ(added.exit, 0) << added.err;
  EXPECT_NE(run({.argv = {"iptables-save"}}).out.find("--dport 8080"), std::string::npos);
  EXPECT_EQ(attach({"del", "net", "one"}).exit, 0);
  EXPECT_EQ(run({.argv = {"iptables-save"}}).out.find("--dport 8080"), std::string::npos);
  EXPECT_FALSE(has_interface(one.netns, "eth0"));
}

TEST_F(VethctlAttach, UndoesAFailedAdd) {
  write_list(in_mode("ptp"), {json{{"type", "tuning"}, {"mac", "invalid"}}});
  const auto added = attach({"add", "net", "one"});
  EXPECT_EQ(added.exit, 1);
  EXPECT_NE(added.err.find("plugin tuning failed (ADD): "), std::string::npos) << added.err;
  EXPECT_TRUE(unchanged_since(before));
  write_list(in_mode("ptp"), {json{{"type", "no-such-plugin"}}});
  EXPECT_EQ(attach({"add", "net", "one"}).exit, 1);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(VethctlAttach, RefusesASecondAddAndKeepsTheFirst) {
  write_list(in_mode("ptp"));
  ASSERT_EQ(attach({"add", "net", "one"}).exit, 0);
  const auto refused = attach({"add", "net", "one"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_NE(refused.err.find("run vethctl del first"), std::string::npos) << refused.err;
  EXPECT_EQ(attach({"check", "net", "one"}).exit, 0);
  EXPECT_EQ(attach({"del", "net", "one"}).exit, 0);
}

TEST_F(VethctlAttach, CheckReportsThePluginsError) {
  write_list(in_mode("ptp"));
  EXPECT_NE(attach({"check", "net", "one"}).err.find("run vethctl add first"), std::string::npos);
  ASSERT_EQ(attach({"add", "net", "one"}).exit, 0);
  run_ip(one.netns, {"link", "set", "eth0", "down"});
  const auto checked = attach({"check", "net", "one"});
  EXPECT_EQ(checked.exit, 1);
  EXPECT_NE(checked.err.find("plugin veth failed (CHECK): "), std::string::npos) << checked.err;
  EXPECT_EQ(attach({"del", "net", "one"}).exit, 0);
}

/// Both use the same files: each checks and deletes what the other has added.
TEST_F(VethctlAttach, SharesItsResultsWithLibcni) {
  if (!has_libcni()) GTEST_SKIP() << "the libcni driver was not built";
  auto config = in_version_100("bridge");
  config["capabilities"] = {{"portMappings", true}};
  write_list(config);
  const Libcni libcni{.folder = attach_folder,
                      .network = "net",
                      .cache = std::string{attach_folder} + "/cache",
                      .capabilities = mapped_port};
  const auto added = attach({"add", "net", "one", "--capability-args", mapped_port});
  ASSERT_EQ(added.exit, 0) << added.err;
  EXPECT_EQ(libcni.run("check", one).exit, 0) << libcni.run("check", one).err;
  EXPECT_EQ(libcni.run("del", one).exit, 0);
  ASSERT_EQ(libcni.run("add", one).exit, 0);
  const auto checked = attach({"check", "net", "one"});
  EXPECT_EQ(checked.exit, 0) << checked.err;
  EXPECT_EQ(attach({"del", "net", "one"}).exit, 0);
  EXPECT_FALSE(has_interface(one.netns, "eth0"));
  EXPECT_TRUE(std::filesystem::is_empty(std::string{attach_folder} + "/cache/results"));
}

}  // namespace
