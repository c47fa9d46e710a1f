#include "plugin/wiring/port_mapping.hpp"

#include "test/support/addresses.hpp"
#include "test/support/error_text.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::prefix;
using Texts = std::vector<std::string>;

const cni::Lease ipv4{.addresses = {{prefix("10.1.2.3/24")}, {prefix("10.9.9.9/24")}}};
const cni::Lease both_families{.addresses = {{prefix("10.1.2.3/24")}, {prefix("fd00::3/64")}}};

cni::NetworkConfig config_with(const std::vector<cni::PortMapping>& mappings) {
  cni::NetworkConfig config;
  config.requested.port_mappings = mappings;
  return config;
}

Texts mapped(const std::vector<cni::PortMapping>& mappings, const cni::Lease& lease) {
  Texts lines;
  const auto ports = wiring::host_ports(config_with(mappings), lease);
  if (!ports) return {"nothing"};
  for (const auto& mapping : ports->mappings) lines.push_back(wiring::to_string(mapping));
  return lines;
}

std::string refusal(const std::vector<cni::PortMapping>& mappings, const cni::Lease& lease) {
  return test::error_text([&] { mapped(mappings, lease); });
}

TEST(HostPorts, AreAbsentIfTheRuntimeRequestsNone) {
  EXPECT_EQ(mapped({}, ipv4), Texts{"nothing"});
  EXPECT_EQ(mapped({{.host_port = 8080, .container_port = 80}}, {}), Texts{"nothing"});
}

TEST(HostPorts, LeadToTheFirstAddressOfEachFamily) {
  EXPECT_EQ(mapped({{.host_port = 8080, .container_port = 80}}, ipv4), Texts{"8080/tcp -> 10.1.2.3:80"});
  EXPECT_EQ(mapped({{.host_port = 53, .container_port = 5353, .protocol = "udp"}}, both_families),
            (Texts{"53/udp -> 10.1.2.3:5353", "53/udp -> [fd00::3]:5353"}));
}

TEST(HostPorts, MapOnlyTheFamilyOfTheHostAddress) {
  const auto on = [](std::string_view address) {
    return mapped({{.host_port = 1, .container_port = 2, .host_address = cni::find_address(address)}}, both_families);
  };
  EXPECT_EQ(on("192.0.2.1"), Texts{"192.0.2.1:1/tcp -> 10.1.2.3:2"});
  EXPECT_EQ(on("::1"), Texts{"[::1]:1/tcp -> [fd00::3]:2"});
  EXPECT_EQ(on("0.0.0.0"), Texts{"1/tcp -> 10.1.2.3:2"});
  EXPECT_EQ(on("::"), Texts{"1/tcp -> [fd00::3]:2"});
  EXPECT_EQ(refusal({{.host_port = 1, .container_port = 2, .host_address = cni::find_address("::1")}}, ipv4),
            "7: portMappings: hostIP ::1: the container has no address of this family");
}

/// nerdctl and CRI-O send both for each container.
TEST(HostPorts, SkipAnyAddressOfAFamilyThatTheContainerDoesNotHave) {
  const cni::Lease ipv6{.addresses = {{prefix("fd00::3/64")}}};
  const auto on = [](std::string_view address, std::uint16_t container_port = 2) {
    return cni::PortMapping{
        .host_port = 1, .container_port = container_port, .host_address = cni::find_address(address)};
  };
  for (const auto& requested : {std::vector{on("0.0.0.0"), on("::")}, std::vector{on("::"), on("0.0.0.0")},
                                std::vector{on(""), on("::")}, std::vector{on("0.0.0.0"), on("")}}) {
    EXPECT_EQ(mapped(requested, ipv4), Texts{"1/tcp -> 10.1.2.3:2"});
    EXPECT_EQ(mapped(requested, ipv6), Texts{"1/tcp -> [fd00::3]:2"});
    EXPECT_EQ(mapped(requested, both_families).size(), 2U);
  }
  const std::string refused = "the container has no address of this family";
  EXPECT_EQ(refusal({on("::")}, ipv4), "7: portMappings: hostIP ::: " + refused) << "the port would have no target";
  EXPECT_EQ(refusal({on("0.0.0.0"), on("::", 3)}, ipv4), "7: portMappings: hostIP ::: " + refused);
  EXPECT_EQ(refusal({on("192.0.2.1"), on("::")}, ipv4), "7: portMappings: hostIP ::: " + refused);
  EXPECT_EQ(refusal({on("0.0.0.0"), on("::1")}, ipv4), "7: portMappings: hostIP ::1: " + refused);
}

TEST(HostPorts, MayBeRepeatedButHaveOnlyOneTarget) {
  const cni::PortMapping http{.host_port = 8080, .container_port = 80};
  EXPECT_EQ(mapped({http, http}, ipv4), Texts{"8080/tcp -> 10.1.2.3:80"});
  EXPECT_EQ(refusal({http, {.host_port = 8080, .container_port = 81}}, ipv4),
            "7: portMappings: host port 8080/tcp is mapped to two container ports, 80 and 81");
  EXPECT_EQ(mapped({http, {.host_port = 8080, .container_port = 81, .protocol = "udp"}}, ipv4).size(), 2U);
}

TEST(HostPorts, HaveTheKeysOfPortmap) {
  auto config = config_with({{.host_port = 8080, .container_port = 80}});
  EXPECT_TRUE(wiring::host_ports(config, ipv4).value().source_nat);
  EXPECT_FALSE(wiring::host_ports(config, ipv4).value().masquerade_all_clients);
  config.source_nat = {.mapped_ports = false, .all_clients = true};
  EXPECT_FALSE(wiring::host_ports(config, ipv4).value().source_nat);
  EXPECT_TRUE(wiring::host_ports(config, ipv4).value().masquerade_all_clients);
}

}  // namespace
