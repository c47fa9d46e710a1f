// vethctl --explain prints commands of ip, bridge, tc, nft and sysctl. Run by sh(1) on another node, they make the same
// links, addresses, routes, neighbours, rules, qdiscs and sysctls as vethctl itself.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/nftables.hpp"
#include "integration/support/sandbox.hpp"
#include "integration/support/snapshot.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

/// A command of vethctl that creates an attachment of namespace "one".
struct ExplainCase {
  std::string name;
  std::vector<std::string> words;
  json configuration = nullptr;  ///< of network "net"
};

std::ostream& operator<<(std::ostream& stream, const ExplainCase& testcase) { return stream << testcase.name; }

json with_keys(const std::string& mode, const json& keys) {
  auto config = in_mode(mode);
  config.update(keys);
  return config;
}

const std::vector<std::string> plain_add{"add", "/run/test/net.conf", "one"};
const json ports_and_rates{
    {"ipMasq", true},
    {"capabilities", {{"portMappings", true}}},
    {"bandwidth", {{"ingressRate", 8'000'000}, {"egressRate", 16'000'000}, {"egressBurst", 1'000'000}}}};

std::vector<std::string> mapped_add() {
  auto words = plain_add;
  words.insert(words.end(), {"--capability-args", R"({"portMappings": [{"hostPort": 8080, "containerPort": 80,
    "protocol": "tcp"}, {"hostPort": 53, "containerPort": 5353, "protocol": "udp", "hostIP": "10.9.9.9"}]})"});
  return words;
}

const json settings{
    {"mtu", 1400}, {"ipspoofchk", false}, {"txQLen", 77}, {"sysctl", {{"net.ipv4.conf.IFNAME.arp_filter", "1"}}}};

const std::vector<ExplainCase> explain_cases{
    {"ptp", plain_add, in_mode("ptp")},
    {"ptp_ports_rates_masquerade", mapped_add(), with_keys("ptp", ports_and_rates)},
    {"ptp_settings", plain_add, with_keys("ptp", settings)},
    {"bridge", plain_add, in_mode("bridge")},
    {"bridge_ports_rates_masquerade", mapped_add(), with_keys("bridge", ports_and_rates)},
    {"bridge_mac_check", plain_add, with_keys("bridge", {{"macspoofchk", true}, {"hairpinMode", true}})},
    {"connect", {"connect", "one", "other"}},
    {"connect_to_the_host", {"connect", "one", "host"}},
    {"connect_to_a_bridge", {"connect", "one", "bridge:br1", "--address", "10.7.0.1/24"}}};

std::vector<std::string> with_option(const ExplainCase& testcase, const std::string& option) {
  auto words = testcase.words;
  if (words.front() == "add") words.insert(words.end(), {"--cni-path", default_path()});
  words.push_back(option);
  return words;
}

void write_configuration(const ExplainCase& testcase) {
  if (!testcase.configuration.is_null()) write_text("/run/test/net.conf", testcase.configuration.dump());
}

/// Without the link-local addresses of bridges, which contain their random MACs, and without the mark of a complete
/// table: the commands do not restore the rules of other attachments.
void leave_out_incomparable(Snapshot& state) {
  std::erase_if(state.lines, [](const std::string& line) {
    const auto contains = [&](const char* text) { return line.find(text) != std::string::npos; };
    const bool is_of_bridge = contains("br0") || contains("br1");
    const bool has_random_address = contains("fe80::") || contains("ff02::") || contains("33:33:");
    return (is_of_bridge && has_random_address) || contains(R"("name":"complete")");
  });
}

std::string without_mark(std::string rules) {
  const std::string mark = "\n\tchain complete {\n\t}\n";
  const auto position = rules.find(mark);
  return position == std::string::npos ? rules : rules.erase(position, mark.size());
}

/// The MAC of a new bridge is random.
void hide_bridge_mac(Snapshot& state) {
  for (const auto* name : {"br0", "br1"}) {
    if (!has_interface(Namespace::host(), name)) continue;
    const auto links = ip(Namespace::host(), {"link", "show", "dev", name});
    state.replace(links.at(0).at("address").get<std::string>(), "MAC");
  }
}

/// The state of a new node and of two namespaces after `act`.
Snapshot state_after(const std::function<void()>& act) {
  make_node();
  const Namespace one{"one"};
  const Namespace other{"other"};
  std::filesystem::create_directories("/run/test");
  act();
  auto state = Snapshot::of_namespace_full(Namespace::host());
  state.add(Snapshot::of_namespace_full(one));
  state.add(Snapshot::of_namespace_full(other));
  hide_bridge_mac(state);
  leave_out_incomparable(state);
  return state;
}

class VethctlExplain : public testing::TestWithParam<ExplainCase> {};

TEST_P(VethctlExplain, PrintsCommandsWithTheSameEffect) {
  const auto& testcase = GetParam();
  std::string commands;
  std::string recorded;
  std::string wanted_rules;
  std::string found_rules;
  const auto wanted = state_after([&] {
    write_configuration(testcase);
    const auto before = Snapshot::of_namespace_full(Namespace::host());
    const auto explained = vethctl(with_option(testcase, "--explain"));
    ASSERT_EQ(explained.exit, 0) << explained.out << explained.err;
    EXPECT_EQ(difference(before, Snapshot::of_namespace_full(Namespace::host())), "");
    EXPECT_FALSE(std::filesystem::exists("/run/veth-cni"));
    commands = explained.out;
    const auto done = vethctl(with_option(testcase, "--explain-also"));
    ASSERT_EQ(done.exit, 0) << done.out << done.err;
    recorded = done.err;
    wanted_rules = own_rules();
  });
  EXPECT_EQ(recorded, commands);
  std::optional<Outcome> outcome;
  const auto found = state_after([&] {
    outcome = run({.argv = {"sh", "-e"}, .input = commands});
    found_rules = own_rules();
  });
  ASSERT_TRUE(outcome && outcome->exit == 0) << outcome->err << '\n' << commands;
  EXPECT_EQ(outcome->err, "") << commands;
  EXPECT_EQ(difference(wanted, found), "") << commands;
  EXPECT_EQ(found_rules, without_mark(wanted_rules));
}

INSTANTIATE_TEST_SUITE_P(Modes, VethctlExplain, testing::ValuesIn(explain_cases),
                         [](const auto& testcase) { return testcase.param.name; });

/// The damage of a container with everything, and the commands that repair it.
TEST(VethctlExplainRepair, PrintsCommandsThatRestoreTheAttachment) {
  const Container one{"one"};
  auto config = with_keys("ptp", ports_and_rates);
  config["runtimeConfig"] = {{"portMappings", {{{"hostPort", 8080}, {"containerPort", 80}, {"protocol", "tcp"}}}}};
  const auto host_end = host_interface_of(add(one, config).result);
  ASSERT_EQ(vethctl({"repair", "--explain"}).out, "# nothing to restore\n");
  run_ip(one.netns, {"route", "del", "default"});
  run_ip(one.netns, {"link", "set", "eth0", "down"});
  run_ip(Namespace::host(), {"address", "flush", "dev", "lo"});
  run_ip(Namespace::host(), {"link", "set", host_end, "alias", "changed"});
  ASSERT_EQ(run({.argv = {"nft", "flush", "ruleset"}}).exit, 0);
  ASSERT_EQ(run({.argv = {"tc", "qdisc", "del", "dev", host_end, "root"}}).exit, 0);
  const auto explained = vethctl({"repair", "--explain"});
  ASSERT_EQ(explained.exit, 0) << explained.err;
  EXPECT_EQ(vethctl({"repair", "--explain"}).out, explained.out);
  const auto outcome = run({.argv = {"sh", "-e"}, .input = explained.out});
  ASSERT_EQ(outcome.exit, 0) << outcome.err << explained.out;
  EXPECT_EQ(vethctl({"repair", "--explain"}).out, "# nothing to restore\n") << explained.out;
  EXPECT_EQ(vethctl({"repair", "--dry-run"}).out, "nothing to restore\n");
  EXPECT_EQ(del(one, config).exit, 0);
}

TEST(VethctlExplainDel, PrintsCommandsThatRemoveTheAttachment) {
  const Container one{"one"};
  write_text("/run/test/net.conf", with_keys("ptp", ports_and_rates).dump());
  auto words = mapped_add();
  words.insert(words.end(), {"--cni-path", default_path()});
  ASSERT_EQ(vethctl(words).exit, 0);
  words.front() = "del";
  words.push_back("--explain");
  const auto explained = vethctl(words);
  ASSERT_EQ(explained.exit, 0) << explained.err;
  EXPECT_TRUE(has_interface(one.netns, "eth0"));
  const auto outcome = run({.argv = {"sh", "-e"}, .input = explained.out});
  ASSERT_EQ(outcome.exit, 0) << outcome.err << explained.out;
  EXPECT_FALSE(has_interface(one.netns, "eth0"));
  EXPECT_TRUE(own_elements().empty()) << explained.out;
  words.pop_back();
  EXPECT_EQ(vethctl(words).exit, 0);
}

TEST(VethctlExplainDel, OfAConnectionLeavesItUnchanged) {
  const Container one{"one"};
  ASSERT_EQ(vethctl({"connect", "one", "host"}).exit, 0);
  const auto explained = vethctl({"disconnect", "one", "--explain"});
  EXPECT_EQ(explained.out.find("ip link del dev veth"), 0U) << explained.out << explained.err;
  EXPECT_TRUE(has_interface(one.netns, "eth0"));
  EXPECT_EQ(vethctl({"disconnect", "one"}).exit, 0);
}

TEST(VethctlExplainOptions, AreExclusive) {
  const auto refused = vethctl({"connect", "one", "other", "--explain", "--explain-also"});
  EXPECT_EQ(refused.exit, 2);
  EXPECT_NE(refused.err.find("give one of them"), std::string::npos) << refused.err;
}

}  // namespace
