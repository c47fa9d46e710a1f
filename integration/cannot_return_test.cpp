// The kernel lets a call into the container's network namespace and refuses the way back.
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

/// Every setns but the first fails: the first one enters the container's namespace.
Answer call_without_return(Call made) {
  made.under = {"strace", "-qq", "-o", trace_file, "-e", "inject=setns:error=ENOMEM:when=2+"};
  return call(made);
}

std::vector<std::string> traced_calls() {
  std::vector<std::string> calls;
  std::ifstream lines{trace_file};
  for (std::string line; std::getline(lines, line);) calls.push_back(line);
  return calls;
}

/// Of the calls behind the first refused setns, those that can change a network: netlink, and files of /proc/sys.
std::vector<std::string> changes_behind_refusal() {
  const auto calls = traced_calls();
  const auto is_refused = [](const std::string& line) { return line.find("(INJECTED)") != std::string::npos; };
  const auto is_change = [](const std::string& line) {
    return line.starts_with("send") || line.starts_with("socket(") || line.find("/proc/sys/") != std::string::npos;
  };
  const auto refused = std::ranges::find_if(calls, is_refused);
  EXPECT_NE(refused, calls.end()) << "no setns was refused";
  std::vector<std::string> changes;
  std::copy_if(refused, calls.end(), std::back_inserter(changes), is_change);
  return changes;
}

void expect_error(const Answer& answer) {
  EXPECT_EQ(answer.exit, 1) << answer;
  EXPECT_EQ(answer.result, (json{{"cniVersion", "1.0.0"},
                                 {"code", 100},
                                 {"msg", "the kernel does not let this process back into the host's network namespace"},
                                 {"details", "what was made is left: DEL takes it away"}}))
      << answer;
}

TEST(CannotReturn, EndsAnAddThatTakesNothingBack) {
  const auto before = Snapshot::take();
  const Container a{"a"};
  expect_error(
      call_without_return({.command = "ADD", .container = a.id, .netns = a.netns.path(), .config = dual_stack()}));
  EXPECT_EQ(changes_behind_refusal(), std::vector<std::string>{});
  EXPECT_TRUE(has_interface(a.netns, "eth0")) << "what was made is left";
  EXPECT_EQ(del(a, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST(CannotReturn, EndsACheck) {
  const auto before = Snapshot::take();
  const Container a{"a"};
  auto config = dual_stack();
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  config["prevResult"] = added.result;
  expect_error(call_without_return({.command = "CHECK", .container = a.id, .netns = a.netns.path(), .config = config}));
  EXPECT_EQ(changes_behind_refusal(), std::vector<std::string>{});
  EXPECT_EQ(del(a, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST(CannotReturn, EndsAnAddOfLoopback) {
  const Container a{"a"};
  expect_error(call_without_return({.command = "ADD",
                                    .container = a.id,
                                    .netns = a.netns.path(),
                                    .interface = "lo",
                                    .config = {{"cniVersion", "1.0.0"}, {"name", "lo"}, {"type", "loopback"}},
                                    .plugin = "loopback"}));
  EXPECT_EQ(changes_behind_refusal(), std::vector<std::string>{});
}

}  // namespace
