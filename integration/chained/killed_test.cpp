// Members of a chain that are killed at a system call: the next DEL, without runtimeConfig, leaves nothing.
#include "integration/support/fault.hpp"
#include "integration/support/plugin_chain.hpp"
#include "integration/support/snapshot.hpp"

#include <cstddef>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

struct KilledMember {
  std::string verb;
  std::string type;
};

std::ostream& operator<<(std::ostream& stream, const KilledMember& member) {
  return stream << member.verb << "_of_" << member.type;
}

json member_config(const std::string& type) {
  if (type == "portmap") {
    return {{"type", type},
            {"runtimeConfig", {{"portMappings", {{{"hostPort", 8080}, {"containerPort", 80}, {"protocol", "tcp"}}}}}}};
  }
  if (type == "bandwidth") {
    return {{"type", type},
            {"ingressRate", 8'000'000},
            {"ingressBurst", 8'000'000},
            {"egressRate", 8'000'000},
            {"egressBurst", 8'000'000}};
  }
  return {{"type", type}, {"mtu", 1400}, {"promisc", true}, {"sysctl", {{"net.ipv4.conf.IFNAME.arp_filter", "1"}}}};
}

class KilledChainMember : public testing::TestWithParam<KilledMember> {
 protected:
  void SetUp() override {
    first = call(chain.call_of(0, "ADD", a));
    ASSERT_EQ(first.exit, 0) << first;
    add();  // the table, and the guard on the host end, stay
    del();
  }

  Call add_call() const {
    auto addition = chain.call_of(1, "ADD", a, first.result);
    addition.plugin = drop_in_plugins() + "/" + addition.plugin;
    return addition;
  }

  Call del_call() const {
    auto deletion = chain.call_of(1, "DEL", a);
    deletion.plugin = drop_in_plugins() + "/" + deletion.plugin;
    deletion.config = {{"cniVersion", "1.0.0"}, {"name", "net"}, {"type", GetParam().type}};
    return deletion;
  }

  void add() const {
    const auto answer = call(add_call());
    EXPECT_EQ(answer.exit, 0) << answer;
  }

  void del() const {
    const auto answer = call(del_call());
    EXPECT_EQ(answer.exit, 0) << answer;
  }

  Container a{"a"};
  PluginChain chain{.plugins = {{{{"type", "ptp"}, {"ipam", {{"type", "host-local"}, {"subnet", "10.9.1.0/24"}}}}},
                                {member_config(GetParam().type)}}};
  Answer first;
};

INSTANTIATE_TEST_SUITE_P(, KilledChainMember,
                         testing::Values(KilledMember{"ADD", "portmap"}, KilledMember{"DEL", "portmap"},
                                         KilledMember{"ADD", "bandwidth"}, KilledMember{"DEL", "bandwidth"},
                                         KilledMember{"ADD", "tuning"}, KilledMember{"DEL", "tuning"}),
                         [](const auto& instance) { return testing::PrintToString(instance.param); });

TEST_P(KilledChainMember, LeavesNothingAfterTheNextDel) {
  constexpr std::size_t stride = 4;
  auto before = Snapshot::take();
  before.add(Snapshot::of_namespace(a.netns));
  std::size_t reached = 0;
  for (std::size_t number = 1;; number += stride) {
    SCOPED_TRACE(number);
    if (GetParam().verb == "DEL") add();
    const auto outcome = call_with_fault({.number = number}, GetParam().verb == "ADD" ? add_call() : del_call());
    del();
    auto after = Snapshot::take();
    after.add(Snapshot::of_namespace(a.netns));
    ASSERT_EQ(difference(before, after), "");
    if (!outcome.was_reached) break;
    reached = number;
  }
  EXPECT_GT(reached, 20U) << "it was killed before it did anything";
  chain.del(a, first.result);
}

}  // namespace
