// In a chain before Debian's reference plugins, or after one: all of them work, and DEL leaves nothing.
#include "integration/support/call.hpp"
#include "integration/support/client.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/libcni.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/outside_host.hpp"
#include "integration/support/service.hpp"
#include "integration/support/snapshot.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto chain_folder = "/run/test/conf";

/// The plugins that run before and after veth.
struct Chain {
  std::string name;
  std::vector<json> before = {};
  std::vector<json> after = {};
};

std::ostream& operator<<(std::ostream& stream, const Chain& chain) { return stream << chain.name; }

const json portmap{{"type", "portmap"}, {"snat", true}, {"capabilities", {{"portMappings", true}}}};
const json bandwidth{{"type", "bandwidth"},
                     {"ingressRate", 100'000'000},
                     {"ingressBurst", 100'000'000},
                     {"egressRate", 100'000'000},
                     {"egressBurst", 100'000'000}};
const json firewall{{"type", "firewall"}, {"backend", "iptables"}};
const json tuning{{"type", "tuning"},
                  {"mac", "0a:58:0a:01:02:63"},
                  {"mtu", 1400},
                  {"sysctl", {{"net.ipv4.conf.eth0.arp_filter", "1"}}}};

const std::vector<Chain> chains{{"portmap", {}, {portmap}},
                                {"bandwidth", {}, {bandwidth}},
                                {"firewall", {}, {firewall}},
                                {"tuning", {}, {tuning}},
                                {"all_of_them", {}, {tuning, portmap, bandwidth, firewall}},
                                {"after_loopback", {{{"type", "loopback"}}}, {portmap}}};

/// The reference plugin bandwidth adds an ingress qdisc of its own to the host's end.
bool limits_rates(const Chain& chain) { return std::ranges::find(chain.after, bandwidth) != chain.after.end(); }

void write_list(const Chain& chain, json own) {
  if (limits_rates(chain)) own["ipspoofchk"] = false;
  for (const char* key : {"cniVersion", "name"}) own.erase(key);
  auto plugins = chain.before;
  plugins.push_back(own);
  plugins.insert(plugins.end(), chain.after.begin(), chain.after.end());
  std::filesystem::create_directory(chain_folder);
  std::ofstream{std::string{chain_folder} + "/10.conflist"}
      << json{{"cniVersion", "1.0.0"}, {"name", "net"}, {"plugins", plugins}};
}

bool maps_ports(const Chain& chain) {
  return std::find(chain.after.begin(), chain.after.end(), portmap) != chain.after.end();
}

class PluginChain : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_libcni()) GTEST_SKIP() << "NOT RUN: libcni-driver could not be built";
    if (!std::filesystem::exists(reference_plugins))
      GTEST_SKIP() << "NOT RUN: containernetworking-plugins is not installed";
  }

  /// Adds and deletes a container: other plugins create chains of iptables at the first ADD and never delete them.
  void create_persistent_iptables_chains() const {
    const Container first{"first"};
    const auto added = libcni.run("add", first);
    ASSERT_EQ(added.exit, 0) << added.err;
    ASSERT_EQ(libcni.run("del", first).exit, 0);
  }

  /// Calls ADD and returns its result without the addresses of lo.
  json attach() const {
    const auto added = libcni.run("add", a);
    EXPECT_EQ(added.exit, 0) << added.err;
    auto result = json::parse(added.out, nullptr, false);
    if (!result.is_object()) return json::object();
    auto& addresses = result["ips"].get_ref<json::array_t&>();
    std::erase_if(addresses, [](const json& address) {
      return address.at("address") == "127.0.0.1/8" || address.at("address") == "::1/128";
    });
    return result;
  }

  void expect_success(const char* verb) const {
    const auto outcome = libcni.run(verb, a);
    EXPECT_EQ(outcome.exit, 0) << verb << ": " << outcome.err;
  }

  /// libcni checks veth before portmap, so an error of portmap means that CHECK of veth succeeded. Debian's
  /// portmap 1.1.1 looks for the rules of each family in the tables of the other, too.
  void expect_check(const Chain& chain) const {
    if (!maps_ports(chain)) return expect_success("check");
    const auto outcome = libcni.run("check", a);
    EXPECT_TRUE(outcome.exit == 0 || outcome.err.find("could not check ipv6 dnat") != std::string::npos) << outcome.err;
  }

  Namespace host = Namespace::host();
  Libcni libcni{.folder = chain_folder,
                .network = "net",
                .capabilities = R"({"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]})"};
  Container a{"a"};
};

class PluginChainWith : public PluginChain, public testing::WithParamInterface<Chain> {};

INSTANTIATE_TEST_SUITE_P(, PluginChainWith, testing::ValuesIn(chains),
                         [](const auto& instance) { return instance.param.name; });

std::vector<int> families_of(const json& result) {
  std::vector<int> families{4, 6};
  std::erase_if(families, [&](int family) { return address_of(result, family).empty(); });
  EXPECT_FALSE(families.empty()) << result;
  return families;
}

TEST_P(PluginChainWith, PingsMapsPortsAndLeavesNothing) {
  const OutsideHost outside;
  for (const char* mode : {"ptp", "bridge"}) {
    SCOPED_TRACE(mode);
    auto own = in_mode(mode);
    own["ipMasq"] = true;
    write_list(GetParam(), own);
    create_persistent_iptables_chains();
    const auto before = Snapshot::take();
    const auto result = attach();
    expect_check(GetParam());
    const Service service{a.netns, 80};
    const Service other{outside.netns, 80};
    for (const int family : families_of(result)) {
      EXPECT_NE(seen_as(host, {Protocol::tcp, address_of(result, family), 80}), "");
      EXPECT_EQ(seen_as(a.netns, {Protocol::tcp, OutsideHost::address(family), 80}), OutsideHost::host_address(family));
    }
    const auto mapped = seen_as(outside.netns, {Protocol::tcp, OutsideHost::host_address(4), 8080});
    EXPECT_EQ(mapped, maps_ports(GetParam()) ? OutsideHost::address(4) : "");
    expect_success("del");
    EXPECT_TRUE(unchanged_since(before));
  }
}

/// sbr moves the routes of an interface to a table of its own, which is looked up for packets from its address.
TEST_F(PluginChain, RepliesUseTheAddressedInterfaceWithSbr) {
  const OutsideHost outside;
  outside.add_route("10.1.2.0/24");
  outside.add_route("fd00:1:2::/64");
  a.interface = "net1";
  for (const char* mode : {"ptp", "bridge"}) {
    SCOPED_TRACE(mode);
    auto own = in_mode(mode);
    if (own.at("mode") == "ptp") own["ipam"] = veth_ipam({"10.1.2.0/24"});  // veth-cni(5), MODES
    write_list({"sbr", {}, {{{"type", "sbr"}}}}, own);
    create_persistent_iptables_chains();
    const auto before = Snapshot::take();
    const auto result = attach();
    expect_success("check");
    EXPECT_TRUE(routes(a.netns, 4).empty()) << testing::PrintToString(routes(a.netns, 4));
    const Service service{a.netns, 80};
    for (const int family : families_of(result)) {
      EXPECT_EQ(seen_as(outside.netns, {Protocol::tcp, address_of(result, family), 80}), OutsideHost::address(family));
    }
    expect_success("del");
    EXPECT_TRUE(unchanged_since(before));
  }
}

}  // namespace
