#pragma once

#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/open_vswitch.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/snapshot.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace support {

/// Mode ovs on bridge br0, with one address of each family.
inline json ovs_network() {
  return {{"cniVersion", "1.1.0"}, {"name", "net"},   {"type", "veth"},
          {"mode", "ovs"},         {"bridge", "br0"}, {"ipam", veth_ipam({"10.1.2.0/24", "fd00:1:2::/64"})}};
}

/// Open vSwitch on the node, and two containers. Skips where it is not installed.
class OvsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto obstacle = OpenVswitch::obstacle()) GTEST_SKIP() << *obstacle;
    ovs.emplace();
    before = Snapshot::take();
  }

  /// The time that the call takes.
  template <class Function>
  static std::chrono::milliseconds time_of(const Function& function) {
    const auto start = std::chrono::steady_clock::now();
    function();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  }

  /// For a call that waits for Open vSwitch as long as it may.
  static std::chrono::milliseconds longest(std::chrono::milliseconds wait) {
    constexpr std::chrono::milliseconds of_the_call{1000};
    return wait + of_the_call * slowness();
  }

  std::string column(const json& result, const std::string& table, const std::string& name) const {
    return ovs->vsctl({"get", table, host_interface_of(result), name});
  }

  bool has_port(const json& result) const {
    const auto ports = ovs->ports();
    return std::find(ports.begin(), ports.end(), host_interface_of(result)) != ports.end();
  }

  std::optional<OpenVswitch> ovs;
  Snapshot before;
  json config = ovs_network();
  Container a{"a"};
  Container b{"b"};
};

}  // namespace support
