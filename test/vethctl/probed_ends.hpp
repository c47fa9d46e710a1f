#pragma once

#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/probe/places.hpp"
#include "plugin/vethctl/probe/run_tests.hpp"
#include "test/support/addresses.hpp"
#include "test/support/fake_inspector.hpp"
#include "test/support/fake_prober.hpp"

#include <string>

#include <gtest/gtest.h>

namespace test {

/// The container end of an attachment "a" or "b" whose IPv4 address is given.
inline probe::Endpoint container_end(const std::string& name, const char* address) {
  return {.name = name,
          .netns = "/run/netns/" + name,
          .interface = "eth0",
          .host_interface = "veth-" + name,
          .addresses = {ip(address)}};
}

/// Two containers on a fake node. Positions of the namespaces: host 0, "a" 1, "b" 2.
class ProbedEnds : public testing::Test {
 protected:
  static constexpr std::size_t host = 0;
  static constexpr std::size_t a = 1;
  static constexpr std::size_t b = 2;

  ProbedEnds() {
    for (const auto* name : {"eth0", "veth-a", "veth-b"}) {
      inspector.interfaces[name] = {.index = 1, .name = name, .mtu = 1500, .is_up = true};
    }
    inspector.addresses_by_path["/run/netns/a"] = {prefix("10.1.2.2/24")};
    inspector.addresses_by_path["/run/netns/b"] = {prefix("10.1.2.3/24")};
    prober.next_hops["/proc/self/ns/net 10.1.2.2"] = kernel::NextHop{.interface = "veth-a"};
    prober.next_hops["/proc/self/ns/net 10.1.2.3"] = kernel::NextHop{.interface = "veth-b"};
  }

  std::vector<probe::Result> run(const probe::Options& options = {}) {
    const auto places = probe::open_places(kernel, plan);
    return probe::run_tests({inspector, prober}, plan, places, options);
  }

  FakeKernel kernel;
  FakeInspector inspector{kernel};
  FakeProber prober;
  probe::Plan plan = probe::plan_tests(container_end("a", "10.1.2.2"), container_end("b", "10.1.2.3"), 0);
};

}  // namespace test
