#include "plugin/vethctl/status.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/vethctl/commands.hpp"
#include "test/vethctl/console.hpp"
#include "test/vethctl/recorded_node.hpp"

#include <filesystem>
#include <fstream>

namespace {

class NodeStatus : public test::RecordedNode {
 protected:
  NodeStatus() {
    std::filesystem::create_directory(conf_dir);
    std::ofstream{conf_dir + "/10-veth.conflist"} << R"({"cniVersion": "1.1.0", "name": "net",
      "plugins": [{"type": "veth", "ipam": {"type": "veth-ipam", "subnet": "10.1.2.0/24"}}, {"type": "portmap"}]})";
    std::ofstream{conf_dir + "/20-other.conf"} << R"({"cniVersion": "1.1.0", "name": "other", "type": "other"})";
  }

  /// Exit status and output.
  std::string status(std::vector<std::string> words = {}) {
    words.insert(words.end(), {"--conf-dir", conf_dir});
    test::Screen screen;
    const auto arguments = vethctl::parse(vethctl::status_command(), words);
    const auto exit = vethctl::status(arguments, screen.console(root), sources());
    return std::to_string(exit) + ' ' + screen.printed;
  }

  vethctl::StatusSources sources() {
    return {.run =
                [this](const std::string& type, cni::Verb verb, const std::string&) {
                  calls.push_back(std::string{cni::to_string(verb)} + ' ' + type);
                  if (type == failing) throw cni::Error{cni::ErrorCode::not_available, "the range is full"};
                  return std::string{};
                },
            .forwards = [this](cni::Family family) { return family == cni::Family::ipv6 || forwards_ipv4; },
            .can_write_sysctls = can_write_sysctls};
  }

  std::string conf_dir = directory.path() + "/net.d";
  std::vector<std::string> calls;
  std::string failing;
  bool forwards_ipv4 = true;
  bool can_write_sysctls = true;
};

TEST_F(NodeStatus, CallsStatusOfThePluginsOfVethsNetworks) {
  EXPECT_EQ(status(), "0 ready\n");
  EXPECT_EQ(calls, (std::vector<std::string>{"STATUS veth", "STATUS portmap"}));
}

TEST_F(NodeStatus, ReportsTheErrorOfAPlugin) {
  failing = "portmap";
  EXPECT_EQ(status(), "1 not ready: plugin portmap failed (STATUS): the range is full\n");
  EXPECT_EQ(status({"--output", "json"}),
            "1 {\n  \"ready\": false,\n  \"problems\": [\n    \"plugin portmap failed (STATUS): the range is full\"\n  "
            "]\n}\n");
}

TEST_F(NodeStatus, CallsVersionWhereSysctlsCannotBeWritten) {
  can_write_sysctls = false;
  EXPECT_EQ(status(), "0 ready\n");
  EXPECT_EQ(calls, (std::vector<std::string>{"VERSION veth", "VERSION portmap"}));
}

TEST_F(NodeStatus, NeedsAConfiguration) {
  std::filesystem::remove(conf_dir + "/10-veth.conflist");
  EXPECT_EQ(status(), "1 not ready: no network configuration in \"" + conf_dir +
                          "\" uses the plugin veth: write one with vethctl install, or set --conf-dir\n");
}

TEST_F(NodeStatus, ReportsAnInvalidConfiguration) {
  std::ofstream{conf_dir + "/10-veth.conflist"}
      << R"({"cniVersion": "1.1.0", "name": "net", "plugins": [{"type": "veth", "mtuu": 1400}]})";
  EXPECT_EQ(status(), "1 not ready: " + conf_dir +
                          "/10-veth.conflist: /plugins/0 (veth): /mtuu: unknown key with value 1400: did you mean "
                          "\"mtu\"?\n");
  EXPECT_TRUE(calls.empty());
}

/// Only if a container needs it: an ADD enables forwarding.
TEST_F(NodeStatus, NeedsForwardingForTheContainersOfTheNode) {
  forwards_ipv4 = false;
  EXPECT_EQ(status(), "0 ready\n");
  auto wiring = test::wanted("c1");
  wiring.forward_ipv4 = wiring.forward_ipv6 = true;
  attach(wiring);
  EXPECT_EQ(status(),
            "1 not ready: the host does not forward IPv4 packets of its containers: sysctl -w net.ipv4.ip_forward=1\n");
}

TEST_F(NodeStatus, ReportsAStateFolderThatOtherUsersCanChange) {
  std::filesystem::permissions(root, std::filesystem::perms::all);
  EXPECT_NE(status().find("not ready: state folder \"" + root), std::string::npos) << status();
}

}  // namespace
