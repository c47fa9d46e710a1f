// ipMasq: which destinations see the host's address in place of a container's, and what CHECK and the next ADD do when
// the rules are missing.
#include "integration/support/call.hpp"
#include "integration/support/client.hpp"
#include "integration/support/frame_capture.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/nftables.hpp"
#include "integration/support/outside_host.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/service.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/sysctl.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr std::uint16_t port = 7777;

json masqueraded(const std::string& mode) {
  auto config = in_mode(mode);
  config["ipMasq"] = true;
  return config;
}

/// The masquerade chains and sets of a network in the table of the plugin, those of each name once.
std::set<std::string> chains_of(const std::string& network) {
  const auto rules = own_rules();
  std::set<std::string> names;
  const std::string prefix = "masquerade-" + network + '-';
  for (auto begin = rules.find(prefix); begin != rules.npos; begin = rules.find(prefix, begin + 1)) {
    names.insert(rules.substr(begin, prefix.size() + 13));
  }
  return names;
}

class Masquerade : public testing::Test {
 protected:
  /// The address from which the other machine sees the container.
  std::string seen_outside(const Container& from, int family, Protocol protocol = Protocol::udp) const {
    return seen_as(from.netns, {protocol, OutsideHost::address(family), port}, reply_timeout);
  }

  testing::AssertionResult is_masqueraded(const Container& from) const {
    for (const int family : {4, 6}) {
      const auto seen = seen_outside(from, family);
      if (seen != OutsideHost::host_address(family))
        return testing::AssertionFailure() << from.id << " is seen as \"" << seen << "\" over IPv" << family;
    }
    return testing::AssertionSuccess();
  }

  /// The only set that contains the address; empty if there is none or more than one.
  static std::string set_of(const std::string& address) {
    const auto sets = own_sets_with('"' + address + '"');
    return sets.size() == 1 ? sets.front() : "";
  }

  Namespace host = Namespace::host();
  OutsideHost outside;
  Service service{outside.netns, port};
  const Container a{"a"};
  const Container b{"b"};
  json config = masqueraded("ptp");
  std::chrono::milliseconds reply_timeout{1000};
};

class MasqueradeInEachMode : public Masquerade, public testing::WithParamInterface<const char*> {
 protected:
  /// Bridged packets pass through netfilter, too.
  MasqueradeInEachMode() {
    config = masqueraded(GetParam());
    for (const char* setting : {"bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"})
      set_sysctl(host, setting, "1");
  }
};

INSTANTIATE_TEST_SUITE_P(, MasqueradeInEachMode, testing::Values("ptp", "bridge"),
                         [](const auto& instance) { return std::string{instance.param}; });

TEST_P(MasqueradeInEachMode, ReplacesTheSourceAddress) {
  ASSERT_EQ(add(a, config).exit, 0);
  for (const int family : {4, 6}) {
    for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
      EXPECT_EQ(seen_outside(a, family, protocol), OutsideHost::host_address(family)) << name_of(protocol);
    }
  }
}

TEST_P(MasqueradeInEachMode, DoesNotApplyWithinTheNetwork) {
  const auto first = add(a, config);
  const auto second = add(b, config);
  ASSERT_EQ(first.exit + second.exit, 0) << first << second;
  const Service neighbour{b.netns, port};
  for (const int family : {4, 6}) {
    EXPECT_EQ(seen_as(a.netns, {Protocol::tcp, address_of(second.result, family), port}),
              address_of(first.result, family));
    EXPECT_EQ(seen_as(a.netns, {Protocol::tcp, gateway_of(second.result, family), port}), "")
        << "no service listens there";
  }
}

TEST_P(MasqueradeInEachMode, DoesNotApplyToExceptedDestinations) {
  config["ipMasqExcept"] = {"203.0.113.0/28", "2001:db8::/64"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  for (const char* prefix : {"10.1.2.0/24", "fd00:1:2::/64"}) outside.add_route(prefix);
  for (const int family : {4, 6}) EXPECT_EQ(seen_outside(a, family), address_of(added.result, family));
}

std::string bytes_of(const std::string& address) {
  std::array<char, sizeof(in6_addr)> bytes{};
  const bool is_ipv6 = address.find(':') != std::string::npos;
  ::inet_pton(is_ipv6 ? AF_INET6 : AF_INET, address.c_str(), bytes.data());
  return {bytes.data(), is_ipv6 ? sizeof(in6_addr) : sizeof(in_addr)};
}

/// The source and destination addresses of all packets in Ethernet frames, as bytes.
std::set<std::string> addresses_in(const std::vector<std::string>& frames) {
  constexpr std::size_t ethernet = 14;
  std::set<std::string> all;
  for (const auto& frame : frames) {
    if (frame.size() > ethernet + 40) all.insert(frame.substr(ethernet + 8, 32));
    if (frame.size() > ethernet + 20) all.insert(frame.substr(ethernet + 12, 8));
  }
  return all;
}

/// The largest accepted number of exceptions.
json most_exceptions(const std::string& prefix, const std::string& length) {
  json prefixes = json::array();
  for (int number = 0; number < 256; ++number)
    prefixes.push_back(std::string{prefix}.append(std::to_string(number)).append(length));
  return prefixes;
}

/// The rules for all addresses together do not fit the default send buffer of a socket.
TEST_F(Masquerade, OfSeveralAddressesHasManyExceptions) {
  config["ipam"] = veth_ipam({"10.1.2.0/24", "10.1.3.0/24", "10.1.4.0/24", "10.1.5.0/24", "10.1.6.0/24", "fd00:1::/64",
                              "fd00:2::/64", "fd00:3::/64", "fd00:4::/64", "fd00:5::/64"});
  for (const auto& exceptions : {most_exceptions("172.16.1.", "/32"), most_exceptions("2001:db8:1::", "/128")}) {
    config["ipMasqExcept"] = exceptions;
    const auto added = add(a, config);
    EXPECT_EQ(added.exit, 0) << added;
    EXPECT_EQ(check(a, config, added.result).exit, 0);
    nft({"flush", "table", "inet", "veth_cni"});
    const auto repaired = vethctl({"repair"});
    EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
    EXPECT_EQ(check(a, config, added.result).exit, 0);
    EXPECT_EQ(del(a, config).exit, 0);
    EXPECT_EQ(vethctl({"clean"}).exit, 0);
    EXPECT_EQ(own_rules(), "");
  }
}

/// One transaction deletes them.
TEST_F(Masquerade, OfManyPastNetworksIsCleaned) {
  constexpr int many = 600;
  ASSERT_EQ(add(a, config).exit, 0);
  std::ostringstream commands;
  for (int number = 0; number < many; ++number) {
    const auto name = "masquerade-n" + std::to_string(number) + "-gsu4apsjfjntk";
    commands << "add set inet veth_cni " << name << " { type ipv4_addr; }\nadd chain inet veth_cni " << name << '\n';
  }
  load_ruleset(commands.str());
  EXPECT_EQ(vethctl({"clean"}).exit, 0);
  EXPECT_EQ(own_rules().find("masquerade-n0"), std::string::npos);
  EXPECT_TRUE(is_masqueraded(a));
}

// Without the exception, packets to the group would have the address of the bridge as their source.
TEST_F(Masquerade, DoesNotApplyToMulticastGroups) {
  config = masqueraded("bridge");
  for (const char* setting : {"bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"})
    set_sysctl(host, setting, "1");
  ASSERT_EQ(add(a, config).exit + add(b, config).exit, 0);
  const FrameCapture capture{b};
  UdpClient{a.netns, "239.1.2.3", port}.seen_as(std::chrono::milliseconds{0});
  UdpClient{a.netns, "ff1e::9", port}.seen_as(std::chrono::milliseconds{0});
  const auto captured = addresses_in(capture.frames());
  EXPECT_TRUE(captured.contains(bytes_of("10.1.2.2") + bytes_of("239.1.2.3")));
  EXPECT_TRUE(captured.contains(bytes_of("fd00:1:2::2") + bytes_of("ff1e::9")));
}

// Shows that the tests above can fail.
TEST_F(Masquerade, DoesNotWorkWithoutItsElementOrRule) {
  ASSERT_EQ(add(a, config).exit, 0);
  ASSERT_TRUE(is_masqueraded(a));
  reply_timeout = short_timeout;
  nft({"delete", "element", "inet", "veth_cni", set_of("10.1.2.2"), "{ 10.1.2.2 }"});
  EXPECT_EQ(seen_outside(a, 4), "") << "without the element";
  EXPECT_EQ(seen_outside(a, 6), OutsideHost::host_address(6));
  nft({"flush", "chain", "inet", "veth_cni", set_of("fd00:1:2::2")});
  EXPECT_EQ(seen_outside(a, 6), "") << "without the rule";
}

TEST_F(Masquerade, HasASetForEachConfiguration) {
  auto excepting = config;
  excepting["ipMasqExcept"] = {"203.0.113.0/24"};
  auto other = config;
  other["name"] = "other";
  other["ipam"] = veth_ipam({"10.9.9.0/24", "fd09::/64"});
  const Container c{"c"};
  const auto added = add(a, excepting);
  ASSERT_EQ(added.exit + add(b, config).exit + add(c, other).exit, 0) << added;
  EXPECT_NE(set_of("10.1.2.2"), set_of("10.1.2.3"));
  EXPECT_EQ(set_of("fd00:1:2::2"), set_of("fd00:1:2::3")) << "IPv6 has no exceptions";
  EXPECT_NE(set_of("fd00:1:2::2"), set_of("fd09::2"));
  EXPECT_TRUE(is_masqueraded(b));
  EXPECT_TRUE(is_masqueraded(c));
  outside.add_route("10.1.2.0/24");
  EXPECT_EQ(seen_outside(a, 4), address_of(added.result, 4));
}

/// Replaces a word in the first rule of the chain that contains it.
void replace_rule(const std::string& chain, const std::string& from, const std::string& into) {
  std::istringstream lines{nft({"--handle", "list", "chain", "inet", "veth_cni", chain})};
  for (std::string line; std::getline(lines, line);) {
    const auto word = line.find(from + ' ');
    const auto handle = line.find(" # handle ");
    if (word == std::string::npos || handle == std::string::npos || line.find("chain ") != std::string::npos) continue;
    const auto number = line.substr(handle + std::string_view{" # handle "}.size());
    line.erase(handle);
    auto command = "replace rule inet veth_cni " + chain;
    nft({command.append(" handle ").append(number).append(line.replace(word, from.size(), into))});
    return;
  }
  ADD_FAILURE() << "no rule of chain " << chain << " has " << from;
}

/// A manual change of the rules, and the texts by which CHECK has to report it.
struct RulesetDamage {
  std::string command;
  std::vector<std::string> named;
};

TEST_F(Masquerade, IsComparedByCheck) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  const auto set = set_of("10.1.2.2");
  const std::vector<RulesetDamage> damages{
      {"delete element inet veth_cni " + set + " { 10.1.2.2 }", {"masquerading of 10.1.2.2"}},
      {"flush chain inet veth_cni postrouting",
       {R"(rule \"containers of networks with ipMasq\" of chain \"postrouting\" of table inet veth_cni)"}},
      {"flush chain inet veth_cni " + set, {"all others", "10.1.2.0/24", "224.0.0.0/4"}},
      {"flush ruleset", {"table inet veth_cni", "masquerading of 10.1.2.2", "masquerading of fd00:1:2::2"}}};
  for (const auto& [command, named] : damages) {
    nft({command});
    const auto checked = check(a, config, added.result);
    EXPECT_EQ(code_of(checked), 104) << command << ": " << checked;
    for (const auto& words : named) EXPECT_NE(checked.out.find(words), std::string::npos) << words << checked;
  }
}

/// A set of lines, since the rules of the shared chain have no fixed order.
std::multiset<std::string> lines_of(const std::string& text) {
  std::istringstream stream{text};
  std::multiset<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.insert(line);
  return lines;
}

/// A rule with another statement but the same comment, in a chain of one network and in a shared chain.
TEST_F(Masquerade, CheckComparesEachStatement) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto listing = lines_of(own_rules());
  const auto set = set_of("10.1.2.2");
  for (const auto& [chain, from, into] : {std::tuple{set, "masquerade", "return"}, {"networks", "goto", "jump"}}) {
    replace_rule(chain, from, into);
    const auto checked = check(a, config, added.result);
    EXPECT_EQ(code_of(checked), 104) << chain << checked;
    EXPECT_NE(checked.out.find("of chain \\\"" + std::string{chain}), std::string::npos) << checked;
    EXPECT_EQ(vethctl({"repair"}).exit, 0);
    EXPECT_EQ(check(a, config, added.result).exit, 0);
    EXPECT_EQ(lines_of(own_rules()), listing);
  }
}

TEST_F(Masquerade, NextAddRestoresAllContainers) {
  const Container c{"c"};
  const auto first = add(a, config);
  const auto second = add(b, config);
  ASSERT_EQ(first.exit + second.exit, 0) << first << second;
  nft({"flush", "ruleset"});
  EXPECT_EQ(seen_as(a.netns, {Protocol::udp, OutsideHost::address(4), port}, short_timeout), "");
  ASSERT_EQ(add(c, config).exit, 0);
  for (const auto* container : {&a, &b, &c}) EXPECT_TRUE(is_masqueraded(*container));
  EXPECT_EQ(check(a, config, first.result).exit, 0) << check(a, config, first.result);
  EXPECT_EQ(check(b, config, second.result).exit, 0) << check(b, config, second.result);
}

TEST_F(Masquerade, IptablesBackendIsRejected) {
  config["ipMasqBackend"] = "iptables";
  const auto added = add(a, config);
  EXPECT_EQ(code_of(added), 2) << added;
  EXPECT_NE(added.out.find("nftables"), std::string::npos) << added;
}

/// No runtime calls GC for a network that is gone. Its chains would stay in the way of every packet.
TEST_F(Masquerade, LosesItsChainsWithTheLastContainerOfTheNetwork) {
  const Container c{"c"};
  auto longer = config;  // the name of the other one is its beginning
  longer["name"] = "net-a";
  longer["ipam"] = veth_ipam({"10.3.2.0/24"});
  auto changed = config;
  changed["ipMasqExcept"] = {"10.0.0.0/8"};
  ASSERT_EQ(add(a, config).exit + add(b, changed).exit + add(c, longer).exit, 0);
  EXPECT_EQ(chains_of("net").size(), 4U) << own_rules();  // one of IPv6, two of IPv4, and that of net-a
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_EQ(chains_of("net").size(), 4U) << "another container is left";
  EXPECT_EQ(del(b, changed).exit, 0);
  EXPECT_EQ(chains_of("net").size(), 1U) << own_rules();
  EXPECT_EQ(chains_of("net-a").size(), 1U);
  EXPECT_EQ(del(c, longer).exit, 0);
  EXPECT_EQ(own_rules().find("masquerade-"), std::string::npos) << own_rules();
  ASSERT_EQ(add(a, config).exit, 0);
  EXPECT_EQ(chains_of("net").size(), 2U) << "they are created again";
  EXPECT_EQ(vethctl({"check"}).exit, 0);
  EXPECT_EQ(del(a, config).exit, 0);
}

TEST_F(Masquerade, LosesTheChainsOfAFailedAdd) {
  config = masqueraded("bridge");
  config["ipam"]["routes"].push_back({{"dst", "10.77.0.0/16"}, {"gw", "192.0.2.1"}});
  EXPECT_EQ(code_of(add(a, config)), 100);
  EXPECT_EQ(own_rules().find("masquerade-"), std::string::npos) << own_rules();
}

/// Of the DELs of the last containers one finds no record, and a chain that an ADD needs exists when it ends.
TEST_F(Masquerade, LosesItsChainsAlsoWithSimultaneousCalls) {
  constexpr std::size_t many = 12;
  for (int round = 0; round < 5; ++round) {
    std::deque<Container> containers;
    for (std::size_t number = 0; number < many; ++number) containers.push_back(Container{"c" + std::to_string(number)});
    in_parallel(many, many, [&](std::size_t number) {
      const auto added = add(containers.at(number), config);
      EXPECT_EQ(added.exit, 0) << added;
      EXPECT_EQ(del(containers.at(number), config).exit, 0);
      if (number % 4 == 0) {
        EXPECT_EQ(add(containers.at(number), config).exit, 0);
      }
    });
    EXPECT_EQ(vethctl({"check"}).exit, 0) << round;
    in_parallel(many, many, [&](std::size_t number) { EXPECT_EQ(del(containers.at(number), config).exit, 0); });
    EXPECT_EQ(own_rules().find("masquerade-"), std::string::npos) << own_rules();
  }
}

}  // namespace
