#include "plugin/kernel/nat_elements.hpp"

#include "plugin/cni/chain_member.hpp"
#include "plugin/kernel/nat_table.hpp"
#include "test/support/addresses.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::ip;
using Texts = std::vector<std::string>;

const cni::Attachment attachment{"net", "c1", "eth0"};

wiring::Wiring mapped(const std::string& protocol, std::uint16_t port, std::string_view address,
                      std::optional<cni::IpAddress> host = std::nullopt) {
  wiring::Wiring wiring{.attachment = attachment};
  wiring.host.name = "veth0";
  wiring.host_ports = wiring::HostPorts{.mappings = {{.protocol = protocol,
                                                      .host_address = host,
                                                      .host_port = port,
                                                      .container_address = ip(address),
                                                      .container_port = 80}}};
  return wiring;
}

Texts words(const wiring::Wiring& wiring) {
  Texts texts;
  for (const auto& each : kernel::elements_of(wiring)) texts.push_back(each.element.set + ": " + each.description);
  return texts;
}

TEST(Elements, AreNotNeededByAPlainWiring) { EXPECT_EQ(words({.attachment = attachment}), Texts{}); }

TEST(Elements, ContainTheirOwner) {
  const auto elements = kernel::elements_of(mapped("tcp", 8080, "10.1.2.3"));
  ASSERT_FALSE(elements.empty());
  for (const auto& each : elements) {
    EXPECT_EQ(kernel::find_owner(each.element.comment), kernel::owner_of(attachment)) << each.description;
  }
  for (const char* comment : {"", "x", "gqoway44q6eog", "gqoway44q6eog x", "x gqoway44q6eog"}) {
    EXPECT_EQ(kernel::find_owner(comment), std::nullopt) << comment;
  }
}

/// An attachment of this plugin has an interface, by which it is found without a record; a member of a chain does not.
TEST(Elements, OfAMemberOfAChainShowThatItIsOne) {
  auto wiring = mapped("tcp", 8080, "10.1.2.3");
  wiring.attachment = cni::attachment_of_member(attachment, cni::portmap_member);
  const auto owner = kernel::find_owner(kernel::elements_of(wiring).front().element.comment);
  ASSERT_TRUE(owner);
  EXPECT_TRUE(owner->is_chain_member);
  EXPECT_EQ(*owner, kernel::owner_of(wiring.attachment));
  EXPECT_EQ(owner->network, kernel::owner_of(attachment).network);
  EXPECT_NE(owner->attachment, kernel::owner_of(attachment).attachment);
}

TEST(Elements, OfAMappingAreThePortAndTheMasqueradedClients) {
  auto wiring = mapped("tcp", 8080, "10.1.2.3");
  EXPECT_EQ(words(wiring),
            (Texts{R"(owners: owner element in set "owners")", "ports4: port mapping 8080/tcp -> 10.1.2.3:80",
                   "self4: masquerading of the container itself to mapped ports of 10.1.2.3"}));
  wiring.bridge = wiring::Bridge{.name = "br0"};
  EXPECT_EQ(words(wiring).at(3), "neighbours4: masquerading of its bridge neighbours to mapped ports of 10.1.2.3");
  wiring.host_ports->masquerade_all_clients = true;
  EXPECT_EQ(words(wiring).at(2), "everyone4: masquerading of all clients to mapped ports of 10.1.2.3");
  EXPECT_EQ(words(wiring).size(), 3U);
  wiring.host_ports = wiring::HostPorts{.mappings = wiring.host_ports->mappings, .source_nat = false};
  EXPECT_EQ(words(wiring).size(), 2U);
}

// A killed ADD or DEL leaves no element without an owner element.
TEST(Elements, BeginWithTheOwnerElementInEachTable) {
  auto wiring = mapped("tcp", 8080, "10.1.2.3");
  wiring.masquerades = {{.source = ip("10.1.2.3")}};
  wiring.bridge = wiring::Bridge{.name = "br0", .check_macs = true};
  std::map<kernel::NftFamily, Texts> sets;
  for (const auto& each : kernel::elements_of(wiring)) sets[each.element.family].push_back(each.element.set);
  EXPECT_EQ(sets.size(), 2U);
  for (const auto& [family, names] : sets) {
    EXPECT_EQ(names.front(), kernel::owners_set);
    EXPECT_EQ(std::ranges::count(names, kernel::owners_set), 1);
  }
}

// Fields are padded to four bytes after the value (plugin/kernel/README.md, "nftables messages").
TEST(Elements, OfAMappingHaveTheKeysOfTheMap) {
  const auto mapping = [](const wiring::Wiring& wiring) { return kernel::elements_of(wiring).at(1).element; };
  const auto any = mapping(mapped("tcp", 8080, "10.1.2.3"));
  EXPECT_EQ(any.key, std::string("\x06\0\0\0\x1f\x90\0\0", 8));
  EXPECT_EQ(any.data, std::string("\x0a\x01\x02\x03\0\x50\0\0", 8));
  const auto one = mapping(mapped("udp", 53, "10.1.2.3", ip("192.0.2.1")));
  EXPECT_EQ(one.set, kernel::port_map(cni::Family::ipv4, true));
  EXPECT_EQ(one.key, std::string("\xc0\0\x02\x01\x11\0\0\0\0\x35\0\0", 12));
  EXPECT_EQ(mapping(mapped("sctp", 1, "fd00::3")).data.size(), 20U);
}

TEST(Elements, OfClientsAreAddedOncePerAddress) {
  auto wiring = mapped("tcp", 8080, "10.1.2.3");
  auto second = wiring.host_ports->mappings.front();
  second.host_port = 8081;
  wiring.host_ports->mappings.push_back(second);
  EXPECT_EQ(words(wiring).size(), 4U);
}

TEST(Elements, OfAMacCheckAreThePortAndItsAllowedMac) {
  wiring::Wiring wiring{.attachment = attachment, .bridge = wiring::Bridge{.name = "br0", .check_macs = true}};
  wiring.host.name = "veth0";
  wiring.container.mac = cni::find_mac("0a:58:0a:01:02:03").value();
  const auto elements = kernel::elements_of(wiring);
  ASSERT_EQ(elements.size(), 3U) << "owner element, MAC and port";
  EXPECT_EQ(elements[1].element.key, std::string("veth0\0\0\0\0\0\0\0\0\0\0\0\x0a\x58\x0a\x01\x02\x03\0\0", 24));
  EXPECT_EQ(elements[2].element.key, std::string("veth0\0\0\0\0\0\0\0\0\0\0\0", 16));
  for (const auto& each : elements) EXPECT_EQ(each.element.family, kernel::NftFamily::bridge);
}

TEST(MappedPort, IsReadFromTheElementOfAPortMap) {
  const auto port_of = [](const wiring::Wiring& wiring) {
    return kernel::find_mapped_port(kernel::elements_of(wiring).at(1).element);
  };
  EXPECT_EQ(port_of(mapped("udp", 53, "fd00::3")), (kernel::MappedPort{.family = cni::Family::ipv6,
                                                                       .protocol = IPPROTO_UDP,
                                                                       .host_port = 53,
                                                                       .container_port = 80,
                                                                       .container_address = ip("fd00::3")}));
  EXPECT_EQ(port_of(mapped("tcp", 8080, "10.1.2.3", ip("192.0.2.1"))),
            (kernel::MappedPort{.family = cni::Family::ipv4,
                                .protocol = IPPROTO_TCP,
                                .host_port = 8080,
                                .container_port = 80,
                                .host_address = ip("192.0.2.1"),
                                .container_address = ip("10.1.2.3")}));
}

/// The rules that are read from the parts and elements of the wiring.
wiring::ObservedRules read_back(const wiring::Wiring& wiring) {
  std::vector<kernel::NftElement> elements;
  for (const auto& each : kernel::elements_of(wiring)) elements.push_back(each.element);
  std::vector<kernel::FoundRule> rules;
  for (const auto& part : kernel::parts_of(wiring)) {
    for (const auto& rule : part.describe().rules) rules.push_back({.chain = rule.chain, .comment = rule.comment});
  }
  return kernel::rules_of(elements, rules);
}

TEST(RulesOf, ReconstructTheWiring) {
  auto wiring = mapped("udp", 53, "10.1.2.3", ip("192.0.2.1"));
  wiring.masquerades = {{.source = ip("10.1.2.3"), .except = {cni::find_prefix("10.1.2.0/24").value()}},
                        {.source = ip("fd00::3"), .except = {cni::find_prefix("ff00::/8").value()}}};
  wiring.bridge = wiring::Bridge{.name = "br0", .check_macs = true};
  for (const bool masquerade_all_clients : {false, true}) {
    wiring.host_ports->masquerade_all_clients = masquerade_all_clients;
    EXPECT_EQ(read_back(wiring),
              (wiring::ObservedRules{
                  .masquerades = wiring.masquerades, .host_ports = wiring.host_ports, .checks_macs = true}));
  }
  EXPECT_EQ(read_back({.attachment = attachment}), wiring::ObservedRules{});
}

TEST(MappedPort, IsNotReadFromOtherElements) {
  EXPECT_EQ(kernel::find_mapped_port({.set = "self4", .key = "12345678"}), std::nullopt);
  EXPECT_EQ(kernel::find_mapped_port({.set = "ports4", .key = "1234567", .data = "12345678"}), std::nullopt);
  EXPECT_EQ(kernel::find_mapped_port({.set = "ports6", .key = "12345678", .data = "12345678"}), std::nullopt);
}

}  // namespace
