// veth as a plugin of netavark, with the input that netavark documents: setup connects, teardown leaves nothing.
#include "integration/support/call.hpp"
#include "integration/support/client.hpp"
#include "integration/support/command.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/service.hpp"
#include "integration/support/snapshot.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto netavark_plugin = "/run/test/netavark/netavark-veth";

class NetavarkPlugin : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::filesystem::create_directories("/run/test/netavark");
    std::filesystem::create_symlink(executables() + "/veth", netavark_plugin);
  }
  void TearDown() override { std::filesystem::remove_all("/run/test/netavark"); }

  static Outcome plugin(const std::vector<std::string>& words, const json& input, bool is_output_full = false) {
    std::vector<std::string> argv{netavark_plugin};
    argv.insert(argv.end(), words.begin(), words.end());
    if (is_output_full) argv.insert(argv.begin(), {"sh", "-c", R"(exec "$@" > /dev/full)", "sh"});
    return run({.argv = argv, .input = input.dump()});
  }

  static json created_network() {
    const json described{{"name", "pods"},
                         {"id", "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9"},
                         {"driver", "netavark-veth"},
                         {"subnets", {{{"subnet", "10.89.0.0/24"}}, {{"subnet", "fd00:89::/64"}}}},
                         {"options", {{"mode", GetParam()}}}};
    return json::parse(plugin({"create"}, described).out);
  }

  static json input_for(const json& network, const std::string& container = "752947ff91f9") {
    return {{"container_id", container},
            {"container_name", "web"},
            {"port_mappings",
             {{{"container_port", 80}, {"host_ip", ""}, {"host_port", 8080}, {"protocol", "udp"}, {"range", 1}}}},
            {"network", network},
            {"network_options",
             {{"interface_name", "eth0"},
              {"static_ips", {"10.89.0.50", "fd00:89::50"}},
              {"static_mac", "aa:bb:cc:dd:aa:00"}}}};
  }

  Namespace netns{"web"};
};

INSTANTIATE_TEST_SUITE_P(, NetavarkPlugin, testing::Values("ptp", "bridge"),
                         [](const auto& instance) { return std::string{instance.param}; });

TEST_P(NetavarkPlugin, ConnectsAContainerAndLeavesNothing) {
  const auto input = input_for(created_network());
  ASSERT_EQ(plugin({"setup", netns.path()}, input).exit, 0);
  ASSERT_EQ(plugin({"teardown", netns.path()}, input), Outcome{});  // the bridge stays
  const auto before = Snapshot::take();
  const auto set_up = plugin({"setup", netns.path()}, input);
  ASSERT_EQ(set_up.exit, 0) << set_up.out;
  const auto interface = json::parse(set_up.out).at("interfaces").at("eth0");
  EXPECT_EQ(interface.at("mac_address"), "aa:bb:cc:dd:aa:00");
  EXPECT_EQ(interface.at("subnets"), json::parse(R"([{"ipnet": "10.89.0.50/24", "gateway": "10.89.0.1"},
                                                     {"ipnet": "fd00:89::50/64", "gateway": "fd00:89::1"}])"));
  for (const char* address : {"10.89.0.50", "fd00:89::50"}) EXPECT_TRUE(ping(Namespace::host(), address)) << address;
  const Service service{netns, 80};
  EXPECT_NE(seen_as(Namespace::host(), {Protocol::udp, "127.0.0.1", 8080}), "");
  EXPECT_EQ(plugin({"teardown", netns.path()}, input), Outcome{});
  EXPECT_EQ(plugin({"teardown", "/run/netns/gone"}, input), Outcome{}) << "once more, without the namespace";
  EXPECT_TRUE(unchanged_since(before));
}

TEST_P(NetavarkPlugin, LeavesNothingOfASetupThatFails) {
  const auto network = created_network();
  const auto input = input_for(network);
  const Namespace other{"db"};
  ASSERT_EQ(plugin({"setup", other.path()}, input_for(network, "aaaaaaaaaaaa")).exit, 0);
  const auto before = Snapshot::take();
  const auto refused = plugin({"setup", netns.path()}, input);
  EXPECT_EQ(refused.exit, 1);
  EXPECT_NE(json::parse(refused.out).at("error").get<std::string>().find("10.89.0.50"), std::string::npos);
  EXPECT_TRUE(unchanged_since(before));
  EXPECT_EQ(plugin({"teardown", other.path()}, input_for(network, "aaaaaaaaaaaa")), Outcome{});
  const auto without = Snapshot::take();
  EXPECT_EQ(plugin({"setup", netns.path()}, input, true).exit, 1) << "the answer cannot be written";
  EXPECT_TRUE(unchanged_since(without));
}

}  // namespace
