#include "test/verbs/network.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace {

using LongestRecord = test::NetworkTest;

wiring::PortMapping mapping_of(std::size_t number, const std::string& container_address) {
  const auto port = static_cast<std::uint16_t>(number);
  return {
      .protocol = "sctp", .host_port = port, .container_address = test::ip(container_address), .container_port = port};
}

wiring::Route route_of(std::uint16_t number) {
  return {.destination = test::prefix("fd00:1111:2222:3333:4444:5555:6666:" + std::to_string(1000 + number) + "/128"),
          .gateway = test::ip("fd00:aaaa:bbbb:cccc:dddd:eeee:ffff:1111"),
          .mtu = 1400,
          .advmss = 1300,
          .priority = 4'000'000'000};
}

/// The maximum numbers of port mappings, for two addresses, and of routes.
TEST_F(LongestRecord, CanBeRead) {
  wiring::Wiring largest;
  largest.host_ports.emplace();
  for (std::size_t number = 0; number < 65'536; ++number) {
    for (const auto* address : {"100.100.200.200", "fd00:aaaa:bbbb:cccc:dddd:eeee:ffff:2222"}) {
      largest.host_ports->mappings.push_back(mapping_of(number, address));
    }
  }
  for (std::uint16_t number = 0; number < 4096; ++number) largest.container.routes.push_back(route_of(number));
  leave_killed_add("c1", {}, largest);
  EXPECT_GT(record("c1").wiring.size(), std::size_t{12} << 20U);
  EXPECT_LT(record("c1").wiring.size(), state::longest_record / 2);
}

}  // namespace
