#include "plugin/kernel/nat_table.hpp"

#include "plugin/kernel/nat_elements.hpp"
#include "test/support/addresses.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::ip;
using test::prefix;
using Texts = std::vector<std::string>;

const wiring::Masquerade masquerade{.source = ip("10.1.2.3"), .except = {prefix("10.1.2.0/24")}};

wiring::Wiring whole_wiring() {
  wiring::Wiring wiring{.attachment = {"net", "c1", "eth0"}};
  wiring.masquerades = {masquerade, {.source = ip("fd00::3"), .except = {prefix("fd00::/64")}}};
  wiring.host_ports = wiring::HostPorts{
      .mappings = {{.protocol = "tcp", .host_port = 8080, .container_address = ip("10.1.2.3"), .container_port = 80}}};
  wiring.bridge = wiring::Bridge{.name = "br0", .check_macs = true};
  return wiring;
}

/// The first chains of the parts.
Texts parts(const wiring::Wiring& wiring) {
  Texts names;
  for (const auto& part : kernel::parts_of(wiring)) {
    EXPECT_EQ(part.describe().chains.front().name, part.chain);
    names.push_back(part.chain);
  }
  return names;
}

TEST(Parts, AreThoseOfTheWiring) {
  wiring::Wiring wiring{.attachment = {"net", "c1", "eth0"}};
  EXPECT_EQ(parts(wiring), Texts{});
  wiring.masquerades = {masquerade};
  EXPECT_EQ(parts(wiring), (Texts{"postrouting", kernel::masquerade_name(wiring.attachment, masquerade)}));
  wiring.masquerades.clear();
  wiring.host_ports = wiring::HostPorts{};
  EXPECT_EQ(parts(wiring), (Texts{"postrouting", "port_mappings"}));
  wiring = {.attachment = {"net", "c1", "eth0"}, .bridge = wiring::Bridge{.name = "br0", .check_macs = true}};
  EXPECT_EQ(parts(wiring), Texts{"prerouting"});
}

// The comment of this chain is the node instance of its table. A table never exists without this chain.
TEST(Parts, BeginEachTableWithItsFirstChain) {
  std::set<kernel::NftFamily> begun;
  for (const auto& part : kernel::parts_of(whole_wiring())) {
    const bool is_first = begun.insert(part.family).second;
    EXPECT_EQ(kernel::is_first_part(part), is_first) << part.chain;
    EXPECT_EQ(part.chain == kernel::instance_chain(part.family), is_first) << part.chain;
  }
  EXPECT_EQ(begun.size(), 2U);
}

TEST(Parts, AreSharedByAddressesWithTheSameExceptions) {
  wiring::Wiring wiring{.attachment = {"net", "c1", "eth0"}};
  auto second = masquerade;
  second.source = ip("10.1.2.4");
  wiring.masquerades = {masquerade, second};
  EXPECT_EQ(parts(wiring).size(), 2U);
}

// A rule is identified by its chain and its comment. nft rejects comments of more than 128 characters.
TEST(Parts, HaveRulesWithDistinctComments) {
  auto wiring = whole_wiring();
  wiring.attachment.network = std::string(200, 'n');
  for (const auto& needed : kernel::parts_of(wiring)) {
    const auto part = needed.describe();
    std::set<std::pair<std::string, std::string>> names;
    for (const auto& rule : part.rules) {
      EXPECT_TRUE(names.emplace(rule.chain, rule.comment).second) << rule.chain << ' ' << rule.comment;
      EXPECT_LE(rule.comment.size(), 128U);
    }
  }
}

TEST(Parts, HaveASetForEachElementOfTheWiring) {
  const auto wiring = whole_wiring();
  std::set<std::string> sets;
  for (const auto& part : kernel::parts_of(wiring)) {
    for (const auto& set : part.describe().sets) sets.insert(set.name);
  }
  for (const auto& each : kernel::elements_of(wiring)) EXPECT_TRUE(sets.contains(each.element.set)) << each.description;
}

TEST(MasqueradeName, DependsOnNetworkAndExceptionsOnly) {
  const auto name = [](const std::string& network, const wiring::Masquerade& wanted, const std::string& container) {
    return kernel::masquerade_name({network, container, "eth0"}, wanted);
  };
  const auto own = name("net", masquerade, "c1");
  EXPECT_TRUE(own.starts_with(kernel::masquerade_prefix("net")));
  auto second = masquerade;
  second.source = ip("10.1.2.4");
  EXPECT_EQ(name("net", second, "c2"), own);
  EXPECT_NE(name("net2", masquerade, "c1"), own);
  second.except.push_back(prefix("10.0.0.0/8"));
  EXPECT_NE(name("net", second, "c1"), own);
  EXPECT_LE(name(std::string(200, 'n'), masquerade, "c1").size(), 255U) << "NFT_NAME_MAXLEN";
}

}  // namespace
