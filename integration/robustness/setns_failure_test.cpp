// setns() into the container's network namespace succeeds, and setns() back into the host's fails.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto trace_file = "/run/test/strace";

/// Makes the call with each setns but the first failing: the first one enters the container's namespace.
Answer call_without_return(Call made) {
  made.wrapper = {"strace", "-qq", "-o", trace_file, "-e", "inject=setns:error=ENOMEM:when=2+"};
  return call(made);
}

std::vector<std::string> traced_calls() {
  std::vector<std::string> calls;
  std::ifstream lines{trace_file};
  for (std::string line; std::getline(lines, line);) calls.push_back(line);
  return calls;
}

/// The system calls after the first failed setns that can change a network: netlink messages, and writes to /proc/sys.
std::vector<std::string> changes_after_failure() {
  const auto calls = traced_calls();
  const auto is_failed = [](const std::string& line) { return line.find("(INJECTED)") != std::string::npos; };
  const auto is_change = [](const std::string& line) {
    return line.starts_with("send") || line.starts_with("socket(") || line.find("/proc/sys/") != std::string::npos;
  };
  const auto failed = std::ranges::find_if(calls, is_failed);
  EXPECT_NE(failed, calls.end()) << "no setns failed";
  std::vector<std::string> changes;
  std::copy_if(failed, calls.end(), std::back_inserter(changes), is_change);
  return changes;
}

void expect_error(const Answer& answer) {
  EXPECT_EQ(answer.exit, 1) << answer;
  EXPECT_EQ(answer.result, (json{{"cniVersion", "1.0.0"},
                                 {"code", 100},
                                 {"msg", "cannot return to the host's network namespace"},
                                 {"details", "interfaces that this call created still exist. Remove them with DEL"}}))
      << answer;
}

TEST(FailedReturnToHostNamespace, AddEndsWithoutRollback) {
  const auto before = Snapshot::take();
  const Container a{"a"};
  expect_error(
      call_without_return({.command = "ADD", .container = a.id, .netns = a.netns.path(), .config = dual_stack()}));
  EXPECT_EQ(changes_after_failure(), std::vector<std::string>{});
  EXPECT_TRUE(has_interface(a.netns, "eth0")) << "the pair is left";
  EXPECT_EQ(del(a, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST(FailedReturnToHostNamespace, CheckEnds) {
  const auto before = Snapshot::take();
  const Container a{"a"};
  auto config = dual_stack();
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  config["prevResult"] = added.result;
  expect_error(call_without_return({.command = "CHECK", .container = a.id, .netns = a.netns.path(), .config = config}));
  EXPECT_EQ(changes_after_failure(), std::vector<std::string>{});
  EXPECT_EQ(del(a, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST(FailedReturnToHostNamespace, AddOfLoopbackEnds) {
  const Container a{"a"};
  expect_error(call_without_return({.command = "ADD",
                                    .container = a.id,
                                    .netns = a.netns.path(),
                                    .interface = "lo",
                                    .config = {{"cniVersion", "1.0.0"}, {"name", "lo"}, {"type", "loopback"}},
                                    .plugin = "loopback"}));
  EXPECT_EQ(changes_after_failure(), std::vector<std::string>{});
}

}  // namespace
