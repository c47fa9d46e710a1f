#include "plugin/cni/error.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/netavark/exec.hpp"
#include "plugin/netavark/network.hpp"
#include "plugin/netavark/serve.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using nlohmann::json;

/// What Podman 5 passes to `create`: the network as the user has described it.
json described_network() {
  return {{"name", "pods"},
          {"id", "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9"},
          {"driver", "netavark-veth"},
          {"created", "0001-01-01T00:00:00Z"},
          {"subnets", {{{"subnet", "10.89.0.0/24"}}, {{"subnet", "fd00:89::/64"}}}},
          {"ipv6_enabled", false},
          {"internal", false},
          {"dns_enabled", true},
          {"labels", {{"app", "web"}}},
          {"ipam_options", {{"driver", "host-local"}}}};
}

/// The input of setup, as in the documentation of the plugin API.
json exec_input() {
  auto network = described_network();
  network["subnets"][0]["gateway"] = "10.89.0.1";
  network["subnets"][0]["lease_range"] = nullptr;
  network["options"] = nullptr;
  return {
      {"container_id", "752947ff91f961eb3cb47ffe9315016979f3ffbec09e4d96a4fae3fb03391697"},
      {"container_name", "testctr"},
      {"port_mappings",
       {{{"container_port", 80}, {"host_ip", "127.0.0.1"}, {"host_port", 8080}, {"protocol", "tcp"}, {"range", 1}}}},
      {"network", network},
      {"network_options",
       {{"aliases", {"752947ff91f9"}},
        {"interface_name", "eth0"},
        {"static_ips", {"10.89.0.50", "fd00:89::50"}},
        {"static_mac", "aa:bb:cc:dd:aa:00"}}}};
}

std::string error_of_netavark(const std::function<void()>& act) {
  try {
    act();
  } catch (const cni::Error& error) {
    return error.what();
  }
  return "";
}

json completed(const json& network) { return json::parse(netavark::complete_network(network.dump())); }

TEST(NetavarkCreate, AddsWhatTheUserHasNotSet) {
  auto expected = described_network();
  expected["subnets"][0]["gateway"] = "10.89.0.1";
  expected["subnets"][1]["gateway"] = "fd00:89::1";
  expected["ipv6_enabled"] = true;
  expected["dns_enabled"] = false;
  EXPECT_EQ(completed(described_network()), expected);
}

TEST(NetavarkCreate, KeepsWhatTheUserHasSet) {
  auto network = described_network();
  network["subnets"][0]["gateway"] = "10.89.0.254";
  network["options"] = {{"mode", "bridge"}, {"mtu", "1400"}, {"vlan", "7"}};
  network["network_interface"] = "br7";
  const auto created = completed(network);
  EXPECT_EQ(created["subnets"][0]["gateway"], "10.89.0.254");
  EXPECT_EQ(created["network_interface"], "br7");
  EXPECT_EQ(created["options"], network["options"]);
}

TEST(NetavarkCreate, NamesTheBridgeByTheId) {
  auto network = described_network();
  network["options"] = {{"mode", "bridge"}};
  EXPECT_EQ(completed(network)["network_interface"], "br-2f259bab93aa");
}

TEST(NetavarkCreate, GivesAnInternalNetworkNoGateway) {
  auto network = described_network();
  network["internal"] = true;
  EXPECT_FALSE(completed(network)["subnets"][0].contains("gateway"));
}

TEST(NetavarkCreate, RefusesWhatSetupWouldRefuse) {
  const std::vector<std::pair<json, std::string>> cases{
      {{{"subnets", nullptr}}, "the network has no subnet; set one of each address family with --subnet"},
      {{{"subnets", {{{"subnet", "10.89.0.0"}}}}},
       "subnet \"10.89.0.0\" is not in CIDR notation; set it as in 10.89.0.0/24"},
      {{{"options", {{"isolate", "true"}}}},
       "unknown option \"isolate\"; the options are mode, mtu, vlan and no_default_route"},
      {{{"options", {{"mode", "macvlan"}}}},
       "option mode: \"macvlan\" is not a mode; set it to ptp (the default) or bridge"}};
  for (const auto& [changes, error] : cases) {
    auto network = described_network();
    network.update(changes);
    EXPECT_EQ(error_of_netavark([&] { completed(network); }), error);
  }
  auto network = described_network();
  network["options"] = {{"mtu", "many"}};
  EXPECT_NE(error_of_netavark([&] { completed(network); }).find("mtu"), std::string::npos);
}

json config_for(cni::Verb verb, const json& input) {
  return json::parse(netavark::to_cni_call(verb, "/run/netns/c", input.dump()).input);
}

TEST(NetavarkSetup, IsTheAddOfVeth) {
  const auto call = netavark::to_cni_call(cni::Verb::add, "/run/netns/c", exec_input().dump());
  EXPECT_EQ(call.environment.command, "ADD");
  EXPECT_EQ(call.environment.container_id, exec_input()["container_id"]);
  EXPECT_EQ(call.environment.netns, "/run/netns/c");
  EXPECT_EQ(call.environment.ifname, "eth0");
  const json expected{
      {"cniVersion", "1.1.0"},
      {"name", "pods"},
      {"type", "veth"},
      {"mode", "ptp"},
      {"mtu", "auto"},
      {"ipMasq", true},
      {"ipam",
       {{"type", "veth-ipam"},
        {"ranges", {{{{"subnet", "10.89.0.0/24"}, {"gateway", "10.89.0.1"}}}, {{{"subnet", "fd00:89::/64"}}}}},
        {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}}},
      {"runtimeConfig",
       {{"portMappings", {{{"hostPort", 8080}, {"containerPort", 80}, {"protocol", "tcp"}, {"hostIP", "127.0.0.1"}}}},
        {"ips", {"10.89.0.50", "fd00:89::50"}},
        {"mac", "aa:bb:cc:dd:aa:00"}}}};
  EXPECT_EQ(json::parse(call.input), expected);
  cni::parse_network_config(call.input, cni::Verb::add, {});
}

TEST(NetavarkSetup, ReadsRangesRoutesAndOptions) {
  auto input = exec_input();
  auto& network = input["network"];
  network["options"] = {{"mode", "bridge"}, {"mtu", "1400"}, {"vlan", "7"}, {"no_default_route", "true"}};
  network["network_interface"] = "br7";
  network["subnets"] = {
      {{"subnet", "10.89.0.0/24"}, {"lease_range", {{"start_ip", "10.89.0.10"}, {"end_ip", "10.89.0.20"}}}}};
  network["routes"] = {{{"destination", "10.1.0.0/16"}, {"gateway", "10.89.0.9"}, {"metric", 50}}};
  const auto config = config_for(cni::Verb::add, input);
  EXPECT_EQ(config["mode"], "bridge");
  EXPECT_EQ(config["bridge"], "br7");
  EXPECT_EQ(config["isGateway"], true);
  EXPECT_EQ(config["mtu"], 1400);
  EXPECT_EQ(config["vlan"], 7);
  EXPECT_EQ(config["ipam"]["ranges"],
            (json{{{{"subnet", "10.89.0.0/24"}, {"rangeStart", "10.89.0.10"}, {"rangeEnd", "10.89.0.20"}}}}));
  EXPECT_EQ(config["ipam"]["routes"], (json{{{"dst", "10.1.0.0/16"}, {"gw", "10.89.0.9"}, {"priority", 50}}}));
  cni::parse_network_config(config.dump(), cni::Verb::add, {});
}

TEST(NetavarkSetup, GivesAnInternalNetworkNeitherRoutesNorMasquerade) {
  auto input = exec_input();
  input["network"]["internal"] = true;
  const auto config = config_for(cni::Verb::add, input);
  EXPECT_EQ(config["ipMasq"], false);
  EXPECT_EQ(config["ipam"]["routes"], json::array());
}

TEST(NetavarkSetup, MapsRangesOfPortsAndSeveralProtocols) {
  auto input = exec_input();
  input["port_mappings"] = {
      {{"container_port", 80}, {"host_ip", ""}, {"host_port", 8080}, {"protocol", "tcp,udp"}, {"range", 2}}};
  json expected = json::array();
  for (const char* protocol : {"tcp", "udp"}) {
    for (const int offset : {0, 1})
      expected.push_back({{"hostPort", 8080 + offset}, {"containerPort", 80 + offset}, {"protocol", protocol}});
  }
  EXPECT_EQ(config_for(cni::Verb::add, input)["runtimeConfig"]["portMappings"], expected);
}

TEST(NetavarkTeardown, IsTheDelOfVeth) {
  auto input = exec_input();
  input.erase("port_mappings");
  const auto call = netavark::to_cni_call(cni::Verb::del, "", input.dump());
  EXPECT_EQ(call.environment.command, "DEL");
  EXPECT_FALSE(json::parse(call.input).contains("runtimeConfig"));
}

TEST(NetavarkSetup, NamesAMissingMember) {
  for (const char* key : {"container_id", "network", "network_options"}) {
    auto input = exec_input();
    input.erase(key);
    EXPECT_NE(error_of_netavark([&] { config_for(cni::Verb::add, input); }).find("is missing"), std::string::npos)
        << key;
  }
  EXPECT_EQ(error_of_netavark([&] { netavark::to_cni_call(cni::Verb::add, "", "[]"); }),
            "the input on standard input is not a JSON object");
}

constexpr auto result_of_add = R"({"cniVersion": "1.1.0",
  "interfaces": [{"name": "veth1", "mac": "02:00:00:00:00:01"},
                 {"name": "eth0", "mac": "02:00:00:00:00:02", "sandbox": "/run/netns/c"}],
  "ips": [{"interface": 1, "address": "10.89.0.50/24", "gateway": "10.89.0.1"},
          {"interface": 1, "address": "fd00:89::50/64"}]})";

TEST(NetavarkSetup, AnswersWithTheInterfaceOfTheContainer) {
  const json expected{
      {"dns_search_domains", json::array()},
      {"dns_server_ips", json::array()},
      {"interfaces",
       {{"eth0",
         {{"mac_address", "02:00:00:00:00:02"},
          {"subnets", {{{"ipnet", "10.89.0.50/24"}, {"gateway", "10.89.0.1"}}, {{"ipnet", "fd00:89::50/64"}}}}}}}}};
  EXPECT_EQ(json::parse(netavark::to_status_block(result_of_add)), expected);
}

/// A process with an input, and what it does.
struct NetavarkProcess {
  std::string input = exec_input().dump();
  std::string output{};
  std::vector<std::string> calls{};
  bool is_output_broken = false;

  int run(const std::vector<std::string>& arguments) {
    const cni::Streams streams{.read_input = [this](std::chrono::milliseconds) { return input; },
                               .write_output =
                                   [this](std::string_view text) {
                                     if (is_output_broken)
                                       throw std::system_error{EPIPE, std::generic_category(), "write the answer"};
                                     output += text;
                                   },
                               .write_error = [](std::string_view) {},
                               .append_line = [](const std::string&, std::string_view) {},
                               .random_number = [] { return std::uint64_t{1}; }};
    return netavark::serve_process(arguments, "0.1.0", streams, [this](cni::Call call, const netavark::Print& print) {
      calls.push_back(call.environment.command + ' ' + call.environment.netns);
      if (call.environment.command == "ADD") print(result_of_add);
    });
  }
};

TEST(NetavarkServe, AnswersEachSubcommand) {
  NetavarkProcess process;
  EXPECT_EQ(process.run({"info"}), 0);
  EXPECT_EQ(json::parse(process.output), (json{{"version", "0.1.0"}, {"api_version", "1.0.0"}}));
  process.output.clear();
  EXPECT_EQ(process.run({"setup", "/run/netns/c"}), 0);
  EXPECT_TRUE(json::parse(process.output)["interfaces"].contains("eth0"));
  process.output.clear();
  EXPECT_EQ(process.run({"teardown", "/run/netns/c"}), 0);
  EXPECT_EQ(process.output, "");
  EXPECT_EQ(process.calls, (std::vector<std::string>{"ADD /run/netns/c", "DEL /run/netns/c"}));
  process.input = described_network().dump();
  EXPECT_EQ(process.run({"create"}), 0);
  EXPECT_EQ(json::parse(process.output)["name"], "pods");
}

TEST(NetavarkServe, PrintsErrorsForPodman) {
  NetavarkProcess process{.input = "{}"};
  EXPECT_EQ(process.run({"create"}), 1);
  EXPECT_EQ(json::parse(process.output),
            (json{{"error", "the network has no subnet; set one of each address family with --subnet"}}));
  process.output.clear();
  EXPECT_EQ(process.run({"update"}), 1);
  EXPECT_NE(json::parse(process.output)["error"].get<std::string>().find("unknown subcommand \"update\""),
            std::string::npos);
}

TEST(NetavarkServe, FailsIfItCannotAnswer) {
  NetavarkProcess process{.is_output_broken = true};
  EXPECT_EQ(process.run({"setup", "/run/netns/c"}), 1);
}

}  // namespace
