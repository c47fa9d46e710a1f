// An ADD that is killed leaves nothing that DEL does not remove and the next ADD does not clear, wherever it was.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/killing.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <cstddef>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

json bridge_to_kill() {
  json config = dual_stack();
  config["mode"] = "bridge";
  config["isDefaultGateway"] = true;
  config["ipam"].erase("routes");
  return config;
}

json cable() {
  json config = dual_stack();
  config["mode"] = "netns";
  config["peer"] = {{"netns", "/run/netns/peer"}, {"addresses", {"10.1.2.1/24", "fd00:1:2::1/64"}}};
  config["ipam"].erase("routes");
  return config;
}

struct Network {
  std::string mode;
  json config;
};

std::ostream& operator<<(std::ostream& stream, const Network& network) { return stream << network.mode; }

class Killed : public testing::TestWithParam<Network> {
 protected:
  /// Every second time by another ADD.
  void expect_to_heal(std::size_t number) {
    SCOPED_TRACE("killed at system call " + std::to_string(number));
    if (number % 2 == 0) {
      constexpr int stands_already = 101;
      const bool was_answered = is_live();
      const auto added = add(a, config);
      EXPECT_EQ(code_of(added), was_answered ? stands_already : 0) << added;
      EXPECT_TRUE(ping(a.netns, gateway())) << added;
    }
    const auto deleted = del(a, config);
    EXPECT_EQ(deleted.exit, 0) << deleted;
    remove_bridge();
    EXPECT_TRUE(unchanged_since(before));
  }

  /// Whether the runtime had its answer: what it was told of stands.
  static bool is_live() {
    return run({.argv = {"sh", "-c", "ls /run/veth-cni/*/net/live/* >/dev/null 2>&1"}}).exit == 0;
  }

  std::string gateway() const { return "10.1.2.1"; }

  /// As with the reference it stays after DEL; here it is to be made each time.
  void remove_bridge() const {
    if (has_interface(Namespace::host(), "cni0")) change_ip(Namespace::host(), {"link", "delete", "cni0"});
  }

  json config = GetParam().config;
  Container a{"a"};
  Namespace peer{"peer"};
  Snapshot before = Snapshot::take();
};

TEST_P(Killed, HealsWhereverItWas) {
  const Call call{.command = "ADD", .container = "a", .netns = a.netns.path(), .config = config};
  constexpr std::size_t after_the_start_of_the_program = 15;
  auto number = after_the_start_of_the_program;
  for (; kill_at_system_call(call, number) && !HasFailure(); ++number) expect_to_heal(number);
  EXPECT_GT(number, 40U) << "an ADD makes more system calls than that";
  EXPECT_EQ(del(a, config).exit, 0);
  remove_bridge();
  EXPECT_TRUE(unchanged_since(before));
}

INSTANTIATE_TEST_SUITE_P(InMode, Killed,
                         testing::Values(Network{"ptp", dual_stack()}, Network{"bridge", bridge_to_kill()},
                                         Network{"netns", cable()}),
                         [](const auto& instance) { return instance.param.mode; });

}  // namespace
