// Mode ovs: the plugin is killed at its system calls; then no port is left, whatever the runtime calls next.
#include "integration/support/fault.hpp"
#include "integration/support/ovs_fixture.hpp"
#include "integration/support/state_folder.hpp"

#include <functional>

namespace {

using namespace support;

class OvsKill : public OvsTest {
 protected:
  Call call_of(const std::string& command) const {
    return {.command = command, .container = a.id, .netns = a.netns.path(), .config = config};
  }

  /// Kills the call at each `step`-th system call, and recovers each time.
  void sweep(const std::string& command, std::size_t step, const std::function<void(std::size_t)>& recover) {
    for (std::size_t number = 1;; number += step) {
      SCOPED_TRACE(command + " killed at system call " + std::to_string(number));
      const auto added = command == "ADD" ? Answer{} : add(a, config);
      ASSERT_EQ(added.exit, 0) << added;
      const auto outcome = call_with_fault({.number = number}, call_of(command));
      recover(number);
      EXPECT_TRUE(ovs->ports().empty());
      EXPECT_TRUE(unchanged_since(before));
      if (!outcome.was_reached || HasFailure()) return;
    }
  }

  void expect_deleted() {
    const auto deleted = del(a, config);
    EXPECT_EQ(deleted.exit, 0) << deleted;
  }
};

TEST_F(OvsKill, LeavesNothingAfterAnAddAndADelOrGc) {
  sweep("ADD", 5, [&](std::size_t number) {
    if (number % 2 != 0) return expect_deleted();
    const auto collected = gc(config, {});
    EXPECT_EQ(collected.exit, 0) << collected;
  });
}

/// The second ADD finds the stale port, and removes it first.
TEST_F(OvsKill, AddsAgainAfterAnAdd) {
  constexpr int already_attached = 101;
  sweep("ADD", 7, [&](std::size_t) {
    const auto added = add(a, config);
    EXPECT_TRUE(added.exit == 0 || code_of(added) == already_attached) << added;
    EXPECT_EQ(ovs->ports().size(), 1U);
    expect_deleted();
  });
}

TEST_F(OvsKill, LeavesNothingAfterTwoDels) {
  sweep("DEL", 5, [&](std::size_t) { expect_deleted(); });
}

}  // namespace
