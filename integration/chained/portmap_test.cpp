// The executable under the name portmap, behind ptp and bridge of either version.
#include "integration/support/client.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/outside_host.hpp"
#include "integration/support/plugin_chain.hpp"
#include "integration/support/service.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"
#include "integration/support/sysctl.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

json reference_ipam() {
  return {{"type", "host-local"},
          {"ranges", {{{{"subnet", "10.9.1.0/24"}}}, {{{"subnet", "fd00:9:1::/64"}}}}},
          {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}};
}

json first_plugin(const std::string& type) {
  json config{{"type", type}, {"ipMasq", true}, {"ipam", reference_ipam()}};
  if (type == "bridge") config.update({{"bridge", "br9"}, {"isGateway", true}, {"hairpinMode", true}});
  return config;
}

json mapping(int host, int container, const std::string& protocol) {
  return {{"hostPort", host}, {"containerPort", container}, {"protocol", protocol}};
}

class ChainedPortmap : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(reference_plugins))
      GTEST_SKIP() << "NOT RUN: containernetworking-plugins is not installed";
    for (const char* setting : {"bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"})
      set_sysctl(host, setting, "0");  // otherwise ::1 cannot be reached on a bridge
  }

  PluginChain chain_behind(const FirstPlugin& first) const {
    return {.plugins = {{first_plugin(first.type), first.folder()}, {{{"type", "portmap"}, {"snat", true}}}},
            .runtime_config = {{"portMappings", {mapping(8080, 80, "tcp"), mapping(8080, 80, "udp")}}}};
  }

  /// The reference plugins do not wait until their IPv6 gateways can be used.
  static void wait_for_dad(const Container& container, const json& result) {
    ping(container.netns, gateway_of(result, 6), 5);
  }

  /// A bridge and the chains of iptables stay after the last container.
  void create_persistent_objects(const PluginChain& chain) const {
    set_sysctl(host, "ipv6/conf/default/accept_dad", "0");  // the bridge has its addresses at once
    const Container first{"first"};
    const auto added = chain.add(first);
    ASSERT_EQ(added.exit, 0) << added;
    wait_for_dad(first, added.result);
    ASSERT_EQ(chain.del(first, added.result).exit, 0);
  }

  Namespace host = Namespace::host();
  OutsideHost outside;
  Container a{"a"};
};

class ChainedPortmapBehind : public ChainedPortmap, public testing::WithParamInterface<FirstPlugin> {};

INSTANTIATE_TEST_SUITE_P(, ChainedPortmapBehind, testing::ValuesIn(first_plugins()),
                         [](const auto& instance) { return testing::PrintToString(instance.param); });

TEST_P(ChainedPortmapBehind, MapsEveryPathAndLeavesNothing) {
  const auto chain = chain_behind(GetParam());
  create_persistent_objects(chain);
  const auto before = Snapshot::take();
  const auto added = chain.add(a);
  ASSERT_EQ(added.exit, 0) << added;
  wait_for_dad(a, added.result);
  const Service service{a.netns, 80};
  for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
    for (const int family : {4, 6}) {
      SCOPED_TRACE(name_of(protocol) + std::to_string(family));
      const auto own = OutsideHost::host_address(family);
      EXPECT_EQ(seen_as(outside.netns, {protocol, own, 8080}), OutsideHost::address(family));
      EXPECT_NE(seen_as(host, {protocol, own, 8080}), "");
      EXPECT_NE(seen_as(host, {protocol, family == 4 ? "127.0.0.1" : "::1", 8080}), "");
      EXPECT_NE(seen_as(a.netns, {protocol, own, 8080}), "") << "hairpin";
    }
  }
  const auto checked = chain.check(a, added.result);
  EXPECT_EQ(checked.exit, 0) << checked;
  const auto deleted = chain.del(a, added.result);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_TRUE(unchanged_since(before));
  EXPECT_EQ(chain.del(a).exit, 0) << "a second time";
}

/// What other plugins return reaches the next one.
TEST_P(ChainedPortmapBehind, PassesTheResultOn) {
  const auto chain = chain_behind(GetParam());
  auto first = call(chain.call_of(0, "ADD", a));
  ASSERT_EQ(first.exit, 0) << first;
  const auto second = call(chain.call_of(1, "ADD", a, first.result));
  first.result.erase("dns");  // {}, which this version does not write
  EXPECT_EQ(second.result, first.result) << second;
  chain.del(a);
}

TEST_P(ChainedPortmapBehind, DeletesWithoutRuntimeConfigAndNamespace) {
  auto chain = chain_behind(GetParam());
  create_persistent_objects(chain);
  const auto before = Snapshot::take();
  const auto added = chain.add(a);
  ASSERT_EQ(added.exit, 0) << added;
  chain.runtime_config = nullptr;
  auto deletion = chain.call_of(1, "DEL", a);
  deletion.netns = "";
  EXPECT_EQ(call(deletion).exit, 0);
  EXPECT_EQ(call(chain.call_of(0, "DEL", a, added.result)).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

class ChainedPortmapFault : public ChainedPortmap {
 protected:
  PluginChain chain = chain_behind({"ptp", false});

  Answer checked(const json& result) const { return call(chain.call_of(1, "CHECK", a, result)); }
};

TEST_F(ChainedPortmapFault, CheckFindsEachMissingPart) {
  const auto added = chain.add(a);
  ASSERT_EQ(added.exit, 0) << added;
  const auto host_end = host_interface_of(added.result);
  struct Damage {
    std::vector<std::string> command;
    std::string fault;
  };
  const std::vector<Damage> damages{
      {{"sysctl", "-qw", "net.ipv4.conf." + host_end + ".route_localnet=0"}, "route_localnet"},
      {{"nft", "delete", "element", "inet", "veth_cni", "ports4", "{", "tcp", ".", "8080", "}"},
       "port mapping 8080/tcp"},
      {{"nft", "delete", "table", "inet", "veth_cni"}, "table inet veth_cni"}};
  for (const auto& [command, fault] : damages) {
    EXPECT_EQ(checked(added.result).exit, 0) << "before " << testing::PrintToString(command);
    ASSERT_EQ(run({.argv = command}).exit, 0);
    const auto answer = checked(added.result);
    EXPECT_EQ(code_of(answer), 104);
    EXPECT_NE(answer.out.find(fault), std::string::npos) << answer;
    EXPECT_EQ(call(chain.call_of(1, "ADD", a, added.result)).exit, 0) << "a repeated ADD restores it";
  }
  EXPECT_EQ(chain.del(a, added.result).exit, 0);
}

TEST_F(ChainedPortmapFault, RefusesAPortOfAnotherContainerAndNamesIt) {
  const Container b{"b"};
  const auto added = chain.add(a);
  ASSERT_EQ(added.exit, 0) << added;
  const auto refused = chain.add(b);
  EXPECT_EQ(code_of(refused), 106) << refused;
  EXPECT_NE(refused.out.find("interface \\\"eth0\\\" of container \\\"a\\\""), std::string::npos) << refused;
  chain.del(b);
  EXPECT_EQ(chain.del(a, added.result).exit, 0);
}

TEST_F(ChainedPortmapFault, ReclaimsThePortOfAContainerThatIsGone) {
  const Container b{"b"};
  {
    const Container gone{"gone"};
    ASSERT_EQ(chain.add(gone).exit, 0);
  }
  const auto added = chain.add(b);
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(chain.del(b, added.result).exit, 0);
}

/// The rules of a container that runs are kept when the addresses of stale attachments are reclaimed, and when nftables
/// is restored.
TEST_F(ChainedPortmapFault, AnAddOfAnotherContainerRestoresTheRules) {
  const Container b{"b"};
  const auto added = chain.add(a);
  ASSERT_EQ(added.exit, 0) << added;
  ASSERT_EQ(run({.argv = {"nft", "delete", "table", "inet", "veth_cni"}}).exit, 0);
  auto other = chain;
  other.runtime_config = {{"portMappings", {mapping(8081, 80, "tcp")}}};
  const auto second = other.add(b);
  ASSERT_EQ(second.exit, 0) << second;
  const auto answer = checked(added.result);
  EXPECT_EQ(answer.exit, 0) << answer;
  EXPECT_EQ(chain.del(a, added.result).exit, 0);
  EXPECT_EQ(other.del(b, second.result).exit, 0);
}

TEST_F(ChainedPortmapFault, GcRemovesWhatIsNotValid) {
  set_sysctl(host, "ipv6/conf/default/disable_ipv6", "1");  // no link-local addresses, which appear after a second
  const Container b{"b"};
  chain.plugins.at(0).config["ipam"] = {{"type", "host-local"}, {"subnet", "10.9.1.0/24"}};
  auto other = chain;
  other.runtime_config = {{"portMappings", {mapping(8081, 80, "tcp")}}};
  const auto second = other.add(b);
  ASSERT_EQ(second.exit, 0) << second;
  const auto before = Snapshot::take();
  const auto added = chain.add(a);
  ASSERT_EQ(added.exit, 0) << added;
  chain.plugins.erase(chain.plugins.begin());  // the reference plugins have no GC
  const auto collected = chain.gc({{.container = "b"}});
  EXPECT_EQ(collected.exit, 0) << collected;
  EXPECT_EQ(call(other.call_of(0, "DEL", a, added.result)).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
  const auto answer = call(other.call_of(1, "CHECK", b, second.result));
  EXPECT_EQ(answer.exit, 0) << answer;
  EXPECT_EQ(other.del(b, second.result).exit, 0);
}

/// vethctl treats a mapping as an attachment, and changes nothing of the other plugins.
TEST_F(ChainedPortmapFault, VethctlRepairsRulesAndRemovesThoseOfAContainerThatIsGone) {
  std::string host_end;
  {
    const Container gone{"gone"};
    const auto added = chain.add(gone);
    ASSERT_EQ(added.exit, 0) << added;
    host_end = host_interface_of(added.result);
    const auto checked = vethctl({"check"});
    EXPECT_EQ(checked.out.find("eth0:portmap"), std::string::npos) << checked.out;
    ASSERT_EQ(run({.argv = {"nft", "delete", "table", "inet", "veth_cni"}}).exit, 0);
    const auto repaired = vethctl({"repair"});
    EXPECT_NE(repaired.out.find("port mapping 8080/tcp -> "), std::string::npos) << repaired.out;
    const auto answer = call(chain.call_of(1, "CHECK", gone, added.result));
    EXPECT_EQ(answer.exit, 0) << answer;
    EXPECT_EQ(ip(host, {"link", "show", host_end}).at(0).count("ifalias"), 0U);
    EXPECT_EQ(vethctl({"gc"}).out, "no stale attachments\n");
  }
  while (has_interface(host, host_end)) ping(outside.netns, OutsideHost::host_address(4));
  EXPECT_NE(vethctl({"gc"}).out.find("net/gone/eth0:portmap"), std::string::npos);
  EXPECT_EQ(run({.argv = {"nft", "list", "ruleset"}}).out.find("8080"), std::string::npos);
}

TEST_F(ChainedPortmapFault, WithoutMappingsItChangesNothing) {
  chain.runtime_config = nullptr;
  chain.plugins.at(0).config["ipam"] = {{"type", "host-local"}, {"subnet", "10.9.1.0/24"}};
  auto first = call(chain.call_of(0, "ADD", a));
  const Command list_rules{.argv = {"nft", "list", "ruleset"}};
  const auto rules = run(list_rules).out;
  const auto second = call(chain.call_of(1, "ADD", a, first.result));
  first.result.erase("dns");  // {}
  EXPECT_EQ(second.result, first.result) << second;
  EXPECT_EQ(run(list_rules).out, rules);
  EXPECT_FALSE(std::filesystem::exists(state_root));
  EXPECT_EQ(chain.del(a, first.result).exit, 0);
}

TEST_F(ChainedPortmapFault, NeedsAPreviousResult) {
  const auto answer = call(chain.call_of(1, "ADD", a));
  EXPECT_EQ(code_of(answer), 7);
  EXPECT_NE(answer.out.find("must be called as chained plugin"), std::string::npos) << answer;
}

TEST_F(ChainedPortmapFault, HandsConditionsToTheReferencePluginIfItIsThere) {
  chain.plugins.at(1).config["conditionsV4"] = {"!", "-d", "192.0.2.0/24"};
  const auto refused = chain.add(a);
  EXPECT_EQ(code_of(refused), 2) << refused;
  EXPECT_NE(refused.out.find("/conditionsV4"), std::string::npos) << refused;
  EXPECT_EQ(chain.del(a).exit, 0);
  const std::filesystem::path folder{"/run/test/with-reference"};
  std::filesystem::create_directory(folder);
  std::filesystem::create_symlink(executables() + "/veth", folder / "portmap");
  std::filesystem::create_symlink(std::string{reference_plugins} + "/portmap", folder / "portmap.reference");
  chain.plugins.at(1).folder = folder;
  const auto added = chain.add(a);
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_NE(run({.argv = {"iptables", "-t", "nat", "-S"}}).out.find("! -d 192.0.2.0/24"), std::string::npos);
  EXPECT_EQ(chain.del(a, added.result).exit, 0);
  EXPECT_EQ(run({.argv = {"iptables", "-t", "nat", "-S"}}).out.find("CNI-DN-"), std::string::npos);
  std::filesystem::remove_all(folder);
}

/// Debian's version 1.1.1 has only the backend iptables; newer ones have nftables too.
TEST_F(ChainedPortmapFault, DeletesAndChecksWhatTheReferencePluginHasMapped) {
  auto reference = chain;
  reference.plugins.at(1).folder = reference_plugins;
  create_persistent_objects(reference);
  const auto before = Snapshot::take();
  const auto added = reference.add(a);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(checked(added.result).exit, 0);
  chain.runtime_config = nullptr;
  const auto deleted = chain.del(a, added.result);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_TRUE(unchanged_since(before));
}

/// As the reference plugin's backend nftables adds them.
TEST_F(ChainedPortmapFault, DeletesTheRulesOfTheReferencePluginsNftablesBackend) {
  const std::string table =
      "table ip cni_hostport { chain hostports { tcp dport 8080 dnat to 10.9.1.2:80 comment \"a\"; "
      "tcp dport 8081 dnat to 10.9.1.3:80 comment \"other\"; }; "
      "chain masquerading { type nat hook postrouting priority 100; ip saddr 10.9.1.2 masquerade comment \"a\"; }; }";
  ASSERT_EQ(run({.argv = {"nft", "-f", "-"}, .input = table}).exit, 0);
  EXPECT_EQ(call(chain.call_of(1, "DEL", a)).exit, 0);
  const auto rules = run({.argv = {"nft", "list", "table", "ip", "cni_hostport"}}).out;
  EXPECT_EQ(rules.find("comment \"a\""), std::string::npos) << rules;
  EXPECT_NE(rules.find("comment \"other\""), std::string::npos) << rules;
  run({.argv = {"nft", "delete", "table", "ip", "cni_hostport"}});
}

}  // namespace
