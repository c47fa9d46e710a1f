#include "plugin/vethctl/metrics.hpp"

#include "plugin/vethctl/commands.hpp"
#include "test/vethctl/console.hpp"
#include "test/vethctl/recorded_node.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

using test::contains;
using test::ip;
using test::wanted;

class Metrics : public test::RecordedNode {
 protected:
  Metrics() { std::filesystem::create_directory(conf_dir); }

  void configure(const std::string& type, const std::string& ipam) const {
    std::ofstream{conf_dir + "/10-net.conf"} << R"({"cniVersion":"1.0.0","name":"net","type":")" << type
                                             << R"(","ipam":)" << ipam << '}';
  }
  std::string metrics(std::vector<std::string> words = {}) {
    test::Screen screen;
    words.insert(words.end(), {"--conf-dir", conf_dir});
    const auto arguments = vethctl::parse(vethctl::metrics_command(), words);
    EXPECT_EQ(vethctl::metrics(arguments, screen.console(root), inspector), vethctl::success);
    return screen.printed;
  }

  std::string conf_dir = directory.path() + "/net.d";
};

TEST_F(Metrics, CountAttachmentsByState) {
  attach(wanted("c1"));
  record(wanted("c2"));
  record(wanted("c3"), state::Stage::pending);
  const auto text = metrics();
  for (const char* state : {"live", "broken", "incomplete"}) {
    EXPECT_TRUE(contains(text, "{network=\"net\",state=\"" + std::string{state} + "\"} 1\n")) << text;
  }
}

TEST_F(Metrics, ContainTheAgeOfTheOldestStaleAttachment) {
  attach(wanted("c1"));
  EXPECT_TRUE(contains(metrics(), "veth_cni_oldest_stale_seconds 0\n"));
  record(wanted("c2"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) {
    const bool is_stale = entry.path().filename() == cni::to_string(cni::tag_of(wanted("c2").attachment));
    if (is_stale) std::filesystem::last_write_time(entry, entry.last_write_time() - std::chrono::hours{1});
  }
  const auto text = metrics();
  EXPECT_TRUE(contains(text, "veth_cni_oldest_stale_seconds 36")) << text;
}

/// 14 addresses: one is the gateway, four are excluded (two of them twice). Of the two leased ones one is excluded.
TEST_F(Metrics, CountTheAddressesOfARange) {
  configure("veth", R"({"type":"veth-ipam","ranges":[
      [{"subnet":"10.1.2.0/28","exclude":["10.1.2.8/30","10.1.2.10/31"]}], [{"subnet":"fd00::/64"}]]})");
  for (const char* taken : {"10.1.2.2", "10.1.2.9", "10.9.9.9"}) {
    folder().addresses.take("net", ip(taken), cni::tag_of(wanted("c1").attachment));
  }
  const auto text = metrics();
  EXPECT_TRUE(contains(text, "veth_cni_leases_used{network=\"net\",range=\"10.1.2.1-10.1.2.14\"} 2\n")) << text;
  EXPECT_TRUE(contains(text, "veth_cni_leases_free{network=\"net\",range=\"10.1.2.1-10.1.2.14\"} 8\n")) << text;
  EXPECT_TRUE(contains(text, "range=\"fd00::1-fd00::ffff:ffff:ffff:ffff\"} 1.8446744073709552e+19\n")) << text;
}

TEST_F(Metrics, ContainOnlyRangesOfVethIpam) {
  configure("ptp", R"({"type":"veth-ipam","subnet":"10.1.2.0/24"})");
  EXPECT_TRUE(contains(metrics(), "range=\"10.1.2.1-10.1.2.254\"} 253\n")) << metrics();
  for (const char* type : {"veth", "ptp"}) {
    configure(type, R"({"type":"host-local","subnet":"10.1.2.0/24","ranges":[[{"subnet":"10.1.2.0/24"}]]})");
    EXPECT_FALSE(contains(metrics(), "range=")) << metrics();
  }
}

TEST_F(Metrics, ArePrintedAsJson) {
  configure("veth", R"({"type":"veth-ipam","subnet":"10.1.2.0/28"})");
  attach(wanted("c1"));
  record(wanted("c2"));
  EXPECT_EQ(nlohmann::json::parse(metrics({"--output", "json"})), nlohmann::json::parse(R"({
      "networks": ["net"],
      "attachments": [{"network": "net", "state": "live", "count": 1}, {"network": "net", "state": "broken", "count": 1}],
      "ranges": [{"network": "net", "range": "10.1.2.1-10.1.2.14", "used": 0, "free": 13}],
      "oldestStaleSeconds": 0})"));
}

TEST_F(Metrics, ReplaceTheOutputFile) {
  attach(wanted("c1"));
  const auto path = directory.path() + "/veth.prom";
  std::ofstream{path} << "old";
  EXPECT_EQ(metrics({"--output-file", path}), "");
  std::ifstream file{path};
  EXPECT_EQ((std::ostringstream{} << file.rdbuf()).str(), metrics());
}

}  // namespace
