// The executable under the name tuning, behind plugins of either version.
#include "integration/support/empty_etc.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/plugin_chain.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/sysctl.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

json changed() {
  return {{"type", "tuning"},
          {"mac", "0a:58:0a:01:02:63"},
          {"mtu", 1400},
          {"promisc", true},
          {"allmulti", true},
          {"txQLen", 333},
          {"sysctl", {{"net.ipv4.conf.IFNAME.arp_filter", "1"}, {"net.ipv4.tcp_fin_timeout", "300"}}}};
}

class ChainedTuning : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(reference_plugins))
      GTEST_SKIP() << "NOT RUN: containernetworking-plugins is not installed";
  }

  json link() const { return ip(a.netns, {"-d", "link", "show", a.interface}).at(0); }

  /// The settings that changed() changes.
  json settings() const {
    const auto found = link();
    return {{"mac", found.at("address")},
            {"mtu", found.at("mtu")},
            {"promisc", found.value("promiscuity", 0)},
            {"allmulti", found.value("allmulti", 0)},
            {"txqlen", found.value("txqlen", 0)},
            {"arp_filter", sysctl_of(a.netns, "ipv4/conf/" + a.interface + "/arp_filter")},
            {"fin_timeout", sysctl_of(a.netns, "ipv4/tcp_fin_timeout")}};
  }

  static constexpr auto saved_file = "/run/cni/tuning/a_eth0.json";

  PluginChain chain{
      .plugins = {{{{"type", "ptp"}, {"ipam", {{"type", "host-local"}, {"subnet", "10.9.1.0/24"}}}}, reference_plugins},
                  {changed()}}};
  Container a{"a"};
};

TEST_F(ChainedTuning, ChangesTheInterfaceAndDelRestoresIt) {
  const auto first = call(chain.call_of(0, "ADD", a));
  ASSERT_EQ(first.exit, 0) << first;
  const auto before = settings();
  const auto added = call(chain.call_of(1, "ADD", a, first.result));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(settings(), (json{{"mac", "0a:58:0a:01:02:63"},
                              {"mtu", 1400},
                              {"promisc", 1},
                              {"allmulti", 1},
                              {"txqlen", 333},
                              {"arp_filter", "1"},
                              {"fin_timeout", "300"}}));
  EXPECT_EQ(added.result.at("interfaces").at(1).at("mac"), "0a:58:0a:01:02:63");
  EXPECT_EQ(added.result.at("interfaces").at(0), first.result.at("interfaces").at(0));
  EXPECT_EQ(chain.check(a, added.result).exit, 0);
  const auto deleted = call(chain.call_of(1, "DEL", a, added.result));
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_EQ(settings(), before);
  EXPECT_FALSE(std::filesystem::exists(saved_file));
  EXPECT_EQ(chain.del(a).exit, 0) << "a second time";
}

/// The runtime may call ADD twice: DEL restores what was there before the first.
TEST_F(ChainedTuning, RestoresTheFirstValuesAfterASecondAdd) {
  const auto first = call(chain.call_of(0, "ADD", a));
  ASSERT_EQ(first.exit, 0) << first;
  const auto before = settings();
  for (int time = 0; time < 2; ++time) {
    const auto added = call(chain.call_of(1, "ADD", a, first.result));
    EXPECT_EQ(added.exit, 0) << added;
  }
  EXPECT_EQ(call(chain.call_of(1, "DEL", a)).exit, 0);
  EXPECT_EQ(settings(), before);
  chain.del(a);
}

TEST_F(ChainedTuning, RestoresWhatAFailedAddHasChanged) {
  const auto first = call(chain.call_of(0, "ADD", a));
  ASSERT_EQ(first.exit, 0) << first;
  const auto before = settings();
  chain.plugins.at(1).config["mtu"] = 70000;
  const auto refused = call(chain.call_of(1, "ADD", a, first.result));
  EXPECT_NE(refused.exit, 0);
  EXPECT_EQ(settings(), before);
  EXPECT_FALSE(std::filesystem::exists(saved_file));
  chain.del(a);
}

TEST_F(ChainedTuning, CheckFindsEachOtherValue) {
  const auto added = chain.add(a);
  ASSERT_EQ(added.exit, 0) << added;
  const std::vector<std::vector<std::string>> damages{{"address", "0a:58:0a:01:02:64"},
                                                      {"mtu", "1300"},
                                                      {"promisc", "off"},
                                                      {"allmulticast", "off"},
                                                      {"txqueuelen", "7"}};
  for (const auto& damage : damages) {
    EXPECT_EQ(chain.check(a, added.result).exit, 0) << testing::PrintToString(damage);
    std::vector<std::string> command{"link", "set", "eth0"};
    command.insert(command.end(), damage.begin(), damage.end());
    run_ip(a.netns, command);
    EXPECT_EQ(code_of(call(chain.call_of(1, "CHECK", a, added.result))), 104) << testing::PrintToString(damage);
    EXPECT_EQ(call(chain.call_of(1, "ADD", a, added.result)).exit, 0);
  }
  set_sysctl(a.netns, "ipv4/conf/eth0/arp_filter", "0");
  const auto checked = call(chain.call_of(1, "CHECK", a, added.result));
  EXPECT_NE(checked.out.find("sysctl net/ipv4/conf/eth0/arp_filter"), std::string::npos) << checked;
  chain.del(a);
}

TEST_F(ChainedTuning, EitherVersionRestoresWhatTheOtherHasSaved) {
  chain.plugins.at(1).config.erase("txQLen");  // Debian's version 1.1.1 does not know it
  chain.plugins.at(1).config.erase("sysctl");  // the reference plugin does not restore it
  for (const bool is_own_first : {true, false}) {
    SCOPED_TRACE(is_own_first);
    auto adding = chain;
    auto deleting = chain;
    (is_own_first ? deleting : adding).plugins.at(1).folder = reference_plugins;
    const auto first = call(adding.call_of(0, "ADD", a));
    ASSERT_EQ(first.exit, 0) << first;
    const auto before = settings();
    const auto added = call(adding.call_of(1, "ADD", a, first.result));
    EXPECT_EQ(added.exit, 0) << added;
    EXPECT_NE(settings(), before);
    const auto checked = call(deleting.call_of(1, "CHECK", a, added.result));
    EXPECT_EQ(checked.exit, 0) << checked;
    EXPECT_EQ(call(deleting.call_of(1, "DEL", a, added.result)).exit, 0);
    EXPECT_EQ(settings(), before);
    EXPECT_FALSE(std::filesystem::exists(saved_file));
    chain.del(a);
  }
}

TEST_F(ChainedTuning, RemovesItsFileWithoutTheNamespace) {
  const auto added = chain.add(a);
  ASSERT_EQ(added.exit, 0) << added;
  ASSERT_TRUE(std::filesystem::exists(saved_file));
  auto deletion = chain.call_of(1, "DEL", a);
  deletion.netns = "/run/netns/missing";
  EXPECT_EQ(call(deletion).exit, 0);
  EXPECT_FALSE(std::filesystem::exists(saved_file));
  chain.del(a);
}

/// The interface of the container may be in another namespace, as behind plugins of virtual machines.
TEST_F(ChainedTuning, SetsSysctlsWithoutTheInterface) {
  const auto tune = [&](const std::string& verb) {
    return call({.command = verb,
                 .container = a.id,
                 .netns = a.netns.path(),
                 .interface = "tap7",
                 .config = {{"cniVersion", "1.0.0"},
                            {"name", "net"},
                            {"type", "tuning"},
                            {"sysctl", {{"net.ipv4.conf.all.log_martians", "1"}}},
                            {"prevResult", {{"interfaces", {{{"name", "tap7"}, {"sandbox", a.netns.path()}}}}}}},
                 .plugin = "tuning",
                 .path = drop_in_plugins()});
  };
  const auto added = tune("ADD");
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(sysctl_of(a.netns, "ipv4/conf/all/log_martians"), "1");
  EXPECT_EQ(tune("CHECK").exit, 0);
  EXPECT_EQ(tune("DEL").exit, 0);
}

/// Without a list of the administrator all sysctls below net are allowed, as for the reference plugin.
TEST_F(ChainedTuning, RefusesASysctlThatTheAdministratorDoesNotList) {
  const EmptyEtc etc;
  std::filesystem::create_directories("/etc/cni/tuning");
  std::ofstream{"/etc/cni/tuning/allowlist.conf"} << "^net\\.ipv4\\.conf\\.IFNAME\\.arp_filter$\n";
  const auto refused = chain.add(a);
  EXPECT_EQ(code_of(refused), 7) << refused;
  EXPECT_NE(refused.out.find("net.ipv4.tcp_fin_timeout"), std::string::npos) << refused;
  chain.del(a);
}

/// An interface of the host that another plugin has not moved.
TEST_F(ChainedTuning, TunesAnInterfaceOfTheHostItself) {
  run_ip(Namespace::host(), {"link", "add", "spare0", "type", "veth", "peer", "spare1"});
  auto request = chain.call_of(1, "ADD", a, {{"cniVersion", "1.0.0"}, {"interfaces", json::array()}});
  request.netns = "/proc/self/ns/net";
  request.interface = "spare0";
  request.config["sysctl"] = json::object();
  const auto added = call(request);
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(ip(Namespace::host(), {"link", "show", "spare0"}).at(0).at("mtu"), 1400);
  request.command = "DEL";
  EXPECT_EQ(call(request).exit, 0);
  EXPECT_EQ(ip(Namespace::host(), {"link", "show", "spare0"}).at(0).at("mtu"), 1500);
  run_ip(Namespace::host(), {"link", "del", "spare0"});
}

}  // namespace
