#include "plugin/wiring/wire.hpp"

#include "test/support/addresses.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace {

using test::ip;
using test::prefix;

/// The wiring of a container with addresses of both families.
wiring::Wiring wired(cni::Mode mode, bool check_sources, bool maps_port = false) {
  cni::Request request;
  request.attachment = {.network = "net", .container = "c1", .interface = "eth0"};
  request.config.mode = mode;
  request.config.check_sources = check_sources;
  request.config.bridge.name = "cni0";
  if (maps_port)
    request.config.requested.port_mappings = {{.host_port = 8080, .container_port = 80, .protocol = "tcp"}};
  request.config.requested.mac = cni::find_mac("02:00:00:00:00:01");
  const cni::Lease lease{.addresses = {{prefix("10.1.2.5/24"), ip("10.1.2.1")}, {prefix("fd00::5/64"), ip("fd00::1")}}};
  return wiring::wire(request, lease, 1500);
}

TEST(Wire, AcceptsTheAddressesOfTheContainerAsSources) {
  EXPECT_EQ(wired(cni::Mode::ptp, true).accepted_sources,
            (std::vector{ip("fe80::ff:fe00:1"), ip("10.1.2.5"), ip("fd00::5")}));
}

TEST(Wire, AcceptsAllSourcesWithoutACheck) {
  EXPECT_TRUE(wired(cni::Mode::ptp, false).accepted_sources.empty());
  EXPECT_TRUE(wired(cni::Mode::bridge, true).accepted_sources.empty());
}

TEST(Wire, GuardsLoopbackIfAPortIsMappedAndNoSourceIsChecked) {
  for (const auto mode : {cni::Mode::ptp, cni::Mode::bridge}) {
    EXPECT_FALSE(wired(mode, false).guards_loopback);
    EXPECT_TRUE(wired(mode, false, true).guards_loopback);
  }
  EXPECT_FALSE(wired(cni::Mode::ptp, true, true).guards_loopback);
}

}  // namespace
