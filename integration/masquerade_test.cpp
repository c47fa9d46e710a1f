// ipMasq: who sees the host's address in place of a container's, and what CHECK and the next ADD do when the rules are
// gone.
#include "integration/support/call.hpp"
#include "integration/support/client.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/listener.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/nftables.hpp"
#include "integration/support/outside.hpp"
#include "integration/support/service.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/sysctl.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <chrono>
#include <cstdint>
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

class Masquerade : public testing::Test {
 protected:
  /// As the other machine sees the container.
  std::string seen_outside(const Container& from, int family, Protocol protocol = Protocol::udp) const {
    return seen_as(from.netns, {protocol, Outside::address(family), port}, patience);
  }

  testing::AssertionResult is_hidden(const Container& from) const {
    for (const int family : {4, 6}) {
      const auto seen = seen_outside(from, family);
      if (seen != Outside::host_address(family))
        return testing::AssertionFailure() << from.id << " is seen as \"" << seen << "\" over IPv" << family;
    }
    return testing::AssertionSuccess();
  }

  /// The one set that holds the address.
  static std::string set_of(const std::string& address) {
    const auto sets = own_sets_with('"' + address + '"');
    return sets.size() == 1 ? sets.front() : "";
  }

  Namespace host = Namespace::host();
  Outside outside;
  Service service{outside.netns, port};
  const Container a{"a"};
  const Container b{"b"};
  json config = masqueraded("ptp");
  std::chrono::milliseconds patience{1000};
};

class MasqueradeInEachMode : public Masquerade, public testing::WithParamInterface<const char*> {
 protected:
  /// A bridge passes what it forwards through netfilter, too: the harder case.
  MasqueradeInEachMode() {
    config = masqueraded(GetParam());
    for (const char* setting : {"bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"})
      set_sysctl(host, setting, "1");
  }
};

INSTANTIATE_TEST_SUITE_P(, MasqueradeInEachMode, testing::Values("ptp", "bridge"),
                         [](const auto& place) { return std::string{place.param}; });

TEST_P(MasqueradeInEachMode, HidesContainersBehindTheHost) {
  ASSERT_EQ(add(a, config).exit, 0);
  for (const int family : {4, 6}) {
    for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
      EXPECT_EQ(seen_outside(a, family, protocol), Outside::host_address(family)) << name_of(protocol);
    }
  }
}

TEST_P(MasqueradeInEachMode, ShowsContainersToTheirOwnNetwork) {
  const auto first = add(a, config);
  const auto second = add(b, config);
  ASSERT_EQ(first.exit + second.exit, 0) << first << second;
  const Service neighbour{b.netns, port};
  for (const int family : {4, 6}) {
    EXPECT_EQ(seen_as(a.netns, {Protocol::tcp, address_of(second.result, family), port}),
              address_of(first.result, family));
    EXPECT_EQ(seen_as(a.netns, {Protocol::tcp, gateway_of(second.result, family), port}), "") << "nobody serves there";
  }
}

TEST_P(MasqueradeInEachMode, ShowsContainersToExceptedDestinations) {
  config["ipMasqExcept"] = {"203.0.113.0/28", "2001:db8::/64"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  for (const char* prefix : {"10.1.2.0/24", "fd00:1:2::/64"}) outside.learn_route(prefix);
  for (const int family : {4, 6}) EXPECT_EQ(seen_outside(a, family), address_of(added.result, family));
}

std::string bytes_of(const std::string& address) {
  std::array<char, sizeof(in6_addr)> bytes{};
  const bool is_ipv6 = address.find(':') != std::string::npos;
  ::inet_pton(is_ipv6 ? AF_INET6 : AF_INET, address.c_str(), bytes.data());
  return {bytes.data(), is_ipv6 ? sizeof(in6_addr) : sizeof(in_addr)};
}

/// Source and destination of all packets in Ethernet frames, as bytes.
std::set<std::string> addresses_in(const std::vector<std::string>& frames) {
  constexpr std::size_t ethernet = 14;
  std::set<std::string> all;
  for (const auto& frame : frames) {
    if (frame.size() > ethernet + 40) all.insert(frame.substr(ethernet + 8, 32));
    if (frame.size() > ethernet + 20) all.insert(frame.substr(ethernet + 12, 8));
  }
  return all;
}

// Without the exception, what the bridge hands on to the group would come from the bridge's address.
TEST_F(Masquerade, ShowsContainersToMulticastGroups) {
  config = masqueraded("bridge");
  for (const char* setting : {"bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"})
    set_sysctl(host, setting, "1");
  ASSERT_EQ(add(a, config).exit + add(b, config).exit, 0);
  const Listener listener{b};
  UdpClient{a.netns, "239.1.2.3", port}.seen_as(std::chrono::milliseconds{0});
  UdpClient{a.netns, "ff1e::9", port}.seen_as(std::chrono::milliseconds{0});
  const auto heard = addresses_in(listener.frames());
  EXPECT_TRUE(heard.contains(bytes_of("10.1.2.2") + bytes_of("239.1.2.3")));
  EXPECT_TRUE(heard.contains(bytes_of("fd00:1:2::2") + bytes_of("ff1e::9")));
}

// That the tests above can fail.
TEST_F(Masquerade, NeedsItsElementAndItsRule) {
  ASSERT_EQ(add(a, config).exit, 0);
  ASSERT_TRUE(is_hidden(a));
  patience = short_patience;
  nft({"delete", "element", "inet", "veth_cni", set_of("10.1.2.2"), "{ 10.1.2.2 }"});
  EXPECT_EQ(seen_outside(a, 4), "") << "without the element";
  EXPECT_EQ(seen_outside(a, 6), Outside::host_address(6));
  nft({"flush", "chain", "inet", "veth_cni", set_of("fd00:1:2::2")});
  EXPECT_EQ(seen_outside(a, 6), "") << "without the rule";
}

TEST_F(Masquerade, IsEachConfigurationsOwn) {
  auto excepting = config;
  excepting["ipMasqExcept"] = {"203.0.113.0/24"};
  auto other = config;
  other["name"] = "other";
  other["ipam"] = veth_ipam({"10.9.9.0/24", "fd09::/64"});
  const Container c{"c"};
  const auto added = add(a, excepting);
  ASSERT_EQ(added.exit + add(b, config).exit + add(c, other).exit, 0) << added;
  EXPECT_NE(set_of("10.1.2.2"), set_of("10.1.2.3"));
  EXPECT_EQ(set_of("fd00:1:2::2"), set_of("fd00:1:2::3")) << "nothing is excepted of IPv6";
  EXPECT_NE(set_of("fd00:1:2::2"), set_of("fd09::2"));
  EXPECT_TRUE(is_hidden(b));
  EXPECT_TRUE(is_hidden(c));
  outside.learn_route("10.1.2.0/24");
  EXPECT_EQ(seen_outside(a, 4), address_of(added.result, 4));
}

/// Changes a word of the first rule of the chain in which it occurs.
void replace_rule(const std::string& chain, const std::string& from, const std::string& into) {
  std::istringstream lines{nft({"--handle", "list", "chain", "inet", "veth_cni", chain})};
  for (std::string line; std::getline(lines, line);) {
    const auto word = line.find(from + ' ');
    const auto handle = line.find(" # handle ");
    if (word == std::string::npos || handle == std::string::npos || line.find("chain ") != std::string::npos) continue;
    const auto number = line.substr(handle + std::string_view{" # handle "}.size());
    line.erase(handle);
    nft({"replace rule inet veth_cni " + chain + " handle " + number + line.replace(word, from.size(), into)});
    return;
  }
  ADD_FAILURE() << "no rule of chain " << chain << " has " << from;
}

/// What somebody did to the rules, and what CHECK has to name.
struct Damage {
  std::string command;
  std::vector<std::string> named;
};

TEST_F(Masquerade, IsChecked) {
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  const auto set = set_of("10.1.2.2");
  const std::vector<Damage> damages{
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

/// The shared chain has no order.
std::multiset<std::string> lines_of(const std::string& text) {
  std::istringstream stream{text};
  std::multiset<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.insert(line);
  return lines;
}

/// A rule that says something else under the same comment, in a chain of its own and in one that is shared.
TEST_F(Masquerade, IsCheckedToTheLetter) {
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

TEST_F(Masquerade, OfAllContainersIsPutBackByTheNextAdd) {
  const Container c{"c"};
  const auto first = add(a, config);
  const auto second = add(b, config);
  ASSERT_EQ(first.exit + second.exit, 0) << first << second;
  nft({"flush", "ruleset"});
  EXPECT_EQ(seen_as(a.netns, {Protocol::udp, Outside::address(4), port}, short_patience), "");
  ASSERT_EQ(add(c, config).exit, 0);
  for (const auto* container : {&a, &b, &c}) EXPECT_TRUE(is_hidden(*container));
  EXPECT_EQ(check(a, config, first.result).exit, 0) << check(a, config, first.result);
  EXPECT_EQ(check(b, config, second.result).exit, 0) << check(b, config, second.result);
}

TEST_F(Masquerade, ByIptablesIsRefused) {
  config["ipMasqBackend"] = "iptables";
  const auto added = add(a, config);
  EXPECT_EQ(code_of(added), 2) << added;
  EXPECT_NE(added.out.find("nftables"), std::string::npos) << added;
}

}  // namespace
