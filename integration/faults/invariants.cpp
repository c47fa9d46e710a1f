#include "integration/faults/invariants.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>
#include <utility>

namespace faults {
namespace {

using support::Answer;
using support::FaultOutcome;
using support::Snapshot;

std::string exit_failure(const Answer& answer) {
  return answer.exit == 0 || answer.exit == 1 ? "" : describe("exit status is neither 0 nor 1", answer);
}

/// The start code of glibc ends the program before main if mprotect or the allocation of thread-local storage fails.
bool failed_before_main(const FaultOutcome& outcome) {
  constexpr int loader_exit = 127;
  return !outcome.main_started && outcome.answer.exit == loader_exit;
}

/// glibc's malloc aborts if the brk that aligns its first memory fails. That may happen in the middle of the call, and
/// has the effect of a kill.
bool was_aborted_by_malloc(const FaultOutcome& outcome) {
  constexpr int aborted = 134;
  const bool has_message = outcome.answer.err.find("malloc assertion failure") != std::string::npos;
  return outcome.system_call == SYS_brk && outcome.answer.exit == aborted && has_message;
}

/// The error object itself could not be written. After a single failed write the plugin tries again.
bool could_not_write_error(const FaultOutcome& outcome) {
  const bool failed_once = outcome.targets.size() == 1;
  return outcome.system_call == SYS_write && !failed_once &&
         std::ranges::find(outcome.targets, "file 1") != outcome.targets.end();
}

/// The last steps of an ADD, after its result is printed, write the ifindexes into the record and rename it. If one of
/// them fails, the record stays pending, and a later ADD may replace it.
bool stays_pending(const FaultOutcome& outcome) {
  if (outcome.system_call == SYS_pwrite64) return true;
  return std::ranges::any_of(outcome.targets, [](const std::string& path) { return path.starts_with("net/live/"); });
}

std::string differences(const Scenario& scenario, const CallWithFault& call) {
  auto snapshot = scenario.full_snapshot();
  if (stays_pending(call.outcome)) snapshot.replace("/net/pending/", "/net/live/");
  return support::difference(call.expected, snapshot);
}

/// Waits up to a second for what the kernel does asynchronously after the call.
std::string lasting_differences(const Scenario& scenario, const CallWithFault& call) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{1};
  std::string found = differences(scenario, call);
  while (!found.empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    found = differences(scenario, call);
  }
  return found;
}

std::string delete_and_compare(Scenario& scenario) {
  const auto problem = failure_of("DEL", scenario.perform("DEL"));
  return problem.empty() ? scenario.changes() : problem;
}

/// A result with addresses and a CHECK that succeeds, then DEL.
std::string check_and_delete(Scenario& scenario, const Answer& answer) {
  if (!answer.result.is_object() || !answer.result.contains("ips")) return describe("success without a result", answer);
  const auto problem = failure_of("CHECK after a successful ADD", scenario.perform("CHECK"));
  return problem.empty() ? delete_and_compare(scenario) : problem;
}

std::string check_failed_add(const Scenario& scenario, const Answer& answer) {
  const auto left = scenario.changes();
  return left.empty() ? "" : describe("the failed call left objects", answer) + left;
}

std::string check_successful_add(Scenario& scenario, const CallWithFault& call) {
  const auto found = lasting_differences(scenario, call);
  if (!found.empty())
    return describe("the call succeeded, but the node differs from the expected state", call.outcome.answer) + found;
  return check_and_delete(scenario, call.outcome.answer);
}

/// After a failure the call is repeated, as a runtime does it.
std::string check_removal(const std::string& verb, Scenario& scenario, const Answer& answer) {
  if (answer.exit == 0) {
    const auto left = scenario.changes();
    return left.empty() ? "" : describe("the call succeeded, but left objects", answer) + left;
  }
  const auto problem = failure_of("the repeated " + verb, scenario.perform(verb));
  return problem.empty() ? scenario.changes() : problem;
}

/// CHECK must not change anything, whether it succeeds or not.
std::string check_unchanged(Scenario& scenario, const CallWithFault& call) {
  const auto found = lasting_differences(scenario, call);
  return found.empty() ? delete_and_compare(scenario) : describe("CHECK changed the node", call.outcome.answer) + found;
}

}  // namespace

std::string describe(const std::string& problem, const Answer& answer) {
  std::ostringstream text;
  text << problem << ": " << answer << '\n';
  return text.str();
}

std::string failure_of(const std::string& act, const Answer& answer) {
  return answer.exit == 0 ? "" : describe(act + " failed", answer);
}

std::string answer_failure(const FaultOutcome& outcome) {
  const auto& answer = outcome.answer;
  if (failed_before_main(outcome) || was_aborted_by_malloc(outcome)) return {};
  if (auto problem = exit_failure(answer); !problem.empty()) return problem;
  const bool has_error_object = answer.exit == 0 || support::code_of(answer) != 0;
  return has_error_object || could_not_write_error(outcome) ? "" : describe("there is no error object", answer);
}

std::string check_invariants(const std::string& verb, Scenario& scenario, const Answer& answer) {
  if (auto problem = exit_failure(answer); !problem.empty()) return problem;
  if (verb != "ADD") return check_removal(verb, scenario, answer);
  return answer.exit == 0 ? check_and_delete(scenario, answer) : check_failed_add(scenario, answer);
}

std::string check_invariants(const std::string& verb, Scenario& scenario, const CallWithFault& call) {
  const auto& answer = call.outcome.answer;
  if (auto problem = answer_failure(call.outcome); !problem.empty()) return problem;
  if (was_aborted_by_malloc(call.outcome)) return delete_and_compare(scenario);
  if (verb == "CHECK") return check_unchanged(scenario, call);
  if (verb != "ADD") return check_removal(verb, scenario, answer);
  return answer.exit == 0 ? check_successful_add(scenario, call) : check_failed_add(scenario, answer);
}

std::string check_after_del(const std::string& verb, Scenario& scenario, const CallWithFault& call) {
  if (verb != "ADD" || call.outcome.answer.exit == 0) return check_invariants(verb, scenario, call);
  const auto problem = answer_failure(call.outcome);
  return problem.empty() ? delete_and_compare(scenario) : problem;
}

Snapshot snapshot_after_add(const Network& network, Scenario::OtherContainer other_container) {
  Scenario scenario{network, other_container};
  scenario.perform_or_throw("ADD");
  auto snapshot = scenario.full_snapshot();
  for (auto earlier = Snapshot{}; earlier != snapshot;) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    earlier = std::exchange(snapshot, scenario.full_snapshot());
  }
  return snapshot;
}

}  // namespace faults
