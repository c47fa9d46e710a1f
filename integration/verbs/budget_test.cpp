// The cost of a call, in counts that do not depend on the speed and load of the machine. A change that exceeds a limit
// for a good reason raises it here; a change that stays well below lowers it. The limits of instructions are 1 % above
// the counts: the length of paths and of the environment changes those by 0.1 %.
#include "integration/support/counting.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/slowness.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

struct CostLimit {
  std::string name;
  json config;
  SystemCalls calls;
  std::uint64_t instructions;
};

/// Measures calls for a second container of a network, since the first one makes more objects.
class CallCost : public testing::Test {
 protected:
  void SetUp() override {
#ifndef __x86_64__
    GTEST_SKIP() << "NOT RUN: the limits are x86-64's";
#endif
    if (slowness() > 1) GTEST_SKIP() << "NOT RUN: the C library makes other calls on an emulated processor";
    for (const char* tool : {"/usr/bin/strace", "/usr/bin/valgrind"}) {
      if (!std::filesystem::exists(tool)) GTEST_SKIP() << "NOT RUN: " << tool << " is not installed";
    }
  }

  /// valgrind cannot run the helper that sends the deletion (CLONE_VM).
  void remove_pair() const { run_ip(container.netns, {"link", "del", "eth0"}); }

  Call call_for(const std::string& verb, const json& config) const {
    return {.command = verb, .container = container.id, .netns = container.netns.path(), .config = config};
  }

  void prepare(const std::string& verb, const json& config) const {
    EXPECT_EQ(call(call_for(verb == "DEL" ? "ADD" : "DEL", config)).exit, 0);
  }

  /// Each count makes a real call. The smallest of several counts is used, since ADD polls again where the kernel's
  /// deferred work is late.
  void expect_within(const std::string& verb, const CostLimit& limit) {
    EXPECT_EQ(add(first, limit.config).exit, 0);
    SystemCalls fewest{.all = 1000};
    for (int round = 0; round < 8; ++round) {
      prepare(verb, limit.config);
      const auto calls = count_system_calls(call_for(verb, limit.config));
      if (calls.all < fewest.all) fewest = calls;
    }
    auto instructions = std::numeric_limits<std::uint64_t>::max();
    for (int round = 0; round < 4 && instructions > limit.instructions; ++round) {
      prepare(verb, limit.config);
      if (verb == "DEL") remove_pair();
      instructions = std::min(instructions, count_instructions(call_for(verb, limit.config)));
    }
    const auto name = verb + " " + limit.name;
    EXPECT_LE(fewest.all, limit.calls.all) << name << ": system calls";
    EXPECT_LE(fewest.sends, limit.calls.sends) << name << ": sends";
    EXPECT_LE(fewest.opens, limit.calls.opens) << name << ": files opened";
    EXPECT_LE(instructions, limit.instructions) << name << ": instructions";
    EXPECT_EQ(del(container, limit.config).exit + del(first, limit.config).exit, 0);
  }

  Container first{"first"};
  Container container{"a"};
};

TEST_F(CallCost, AddIsWithinItsBudget) {
  expect_within("ADD", {"of IPv4", ipv4_only(), {.all = 108, .sends = 5, .opens = 10}, 407'000});
  expect_within("ADD", {"of both families", dual_stack(), {.all = 120, .sends = 5, .opens = 12}, 549'000});
}

/// Without the helper that sends the deletion: it makes five system calls.
TEST_F(CallCost, DelIsWithinItsBudget) {
  expect_within("DEL", {"of IPv4", ipv4_only(), {.all = 76, .sends = 2, .opens = 7}, 419'000});
  expect_within("DEL", {"of both families", dual_stack(), {.all = 84, .sends = 2, .opens = 9}, 505'000});
}

/// CHECK reads the result of ADD, too.
TEST_F(CallCost, CheckIsWithinItsBudget) {
  const auto added = add(container, dual_stack());
  auto checked = call_for("CHECK", dual_stack());
  checked.config["prevResult"] = added.result;
  const auto calls = count_system_calls(checked);
  EXPECT_LE(calls.all, 121U);
  EXPECT_LE(calls.sends, 14U);
  EXPECT_LE(calls.opens, 9U);
  EXPECT_LE(count_instructions(checked), 1'026'000U);
  EXPECT_EQ(del(container, dual_stack()).exit, 0);
}

}  // namespace
