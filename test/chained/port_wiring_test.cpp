#include "plugin/chained/port_wiring.hpp"

#include "plugin/wiring/port_mapping.hpp"

#include <gtest/gtest.h>

namespace {

cni::Result previous_result() {
  cni::Result result;
  result.interfaces = {{.name = "eth0"}, {.name = "eth0", .sandbox = "/n"}, {.name = "net1", .sandbox = "/n"}};
  const auto add = [&](std::optional<std::uint32_t> interface, const char* address) {
    result.addresses.push_back({.interface = interface, .address = *cni::find_prefix(address)});
  };
  add(0, "192.0.2.1/24");  // of the host
  add(2, "10.1.0.9/24");   // of another interface
  add(1, "10.1.0.2/24");
  add(1, "10.1.0.3/24");
  add(7, "fd00::2/64");  // of no interface
  return result;
}

std::optional<wiring::Wiring> wire_mapping(const std::string& host_address, const chained::HostSide& side = {}) {
  cni::Request request;
  request.attachment = {"net", "c", "eth0"};
  cni::PortMapConfig config;
  config.mappings = {{.host_port = 8080, .container_port = 80, .host_address = cni::find_address(host_address)}};
  return chained::wire_ports(request, config, chained::mapped_addresses(previous_result(), "eth0"), side);
}

TEST(MappedAddresses, AreTheFirstOfEachFamilyOnTheInterface) {
  const auto lease = chained::mapped_addresses(previous_result(), "eth0");
  ASSERT_EQ(lease.addresses.size(), 2U);
  EXPECT_EQ(cni::to_string(lease.addresses[0].address), "10.1.0.2/24");
  EXPECT_EQ(cni::to_string(lease.addresses[1].address), "fd00::2/64");
}

TEST(WirePorts, MapsToBothFamiliesForAnAttachmentOfItsOwn) {
  const auto wiring = wire_mapping("");
  ASSERT_TRUE(wiring);
  EXPECT_EQ(wiring->attachment.interface, "eth0:portmap");
  ASSERT_EQ(wiring->host_ports->mappings.size(), 2U);
  EXPECT_EQ(wiring::to_string(wiring->host_ports->mappings[0]), "8080/tcp -> 10.1.0.2:80");
  EXPECT_FALSE(wiring->bridge);
}

TEST(WirePorts, UsesTheBridgeOfTheHostEnd) {
  const auto wiring = wire_mapping("", {.host = {.name = "veth0"}, .bridge = "br0"});
  EXPECT_EQ(wiring::host_side_interface(*wiring), "br0");
  EXPECT_EQ(wiring::host_side_interface(*wire_mapping("", {.host = {.name = "veth0"}})), "veth0");
}

/// The reference plugin skips it too.
TEST(WirePorts, SkipsAHostAddressOfAFamilyThatTheContainerDoesNotHave) {
  EXPECT_EQ(wire_mapping("192.0.2.1")->host_ports->mappings.size(), 1U);
  cni::PortMapConfig config;
  config.mappings = {{.host_port = 1, .container_port = 1, .host_address = cni::find_address("fd00::1")}};
  cni::Lease ipv4_only{.addresses = {{.address = *cni::find_prefix("10.1.0.2/24")}}};
  EXPECT_FALSE(chained::wire_ports({}, config, ipv4_only, {}));
}

}  // namespace
