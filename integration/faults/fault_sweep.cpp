#include "integration/faults/fault_sweep.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace faults {
namespace {

using support::Fault;
using support::FaultOutcome;
using support::Snapshot;

void count(const FaultOutcome& outcome, double milliseconds, Report& report) {
  ++report.points;
  const bool has_error_object = outcome.answer.exit == 0 || support::code_of(outcome.answer) != 0;
  auto& figures = report.figures;
  figures["successes"] = figures.value("successes", 0) + (outcome.answer.exit == 0 ? 1 : 0);
  figures["errors without object"] = figures.value("errors without object", 0) + (has_error_object ? 0 : 1);
  figures["slowest ms"] = std::max(figures.value("slowest ms", 0.0), milliseconds);
}

/// "system call 57 (__NR 264, "net/live/...") fails with "No space left on device"". 57 is the position in the call,
/// 264 the number of the system call in <asm/unistd.h>.
std::string fault_text(const Fault& fault, const FaultOutcome& outcome) {
  const auto target = outcome.targets.empty() ? "" : ", \"" + outcome.targets.front() + '"';
  const auto which = std::to_string(fault.number) + " (__NR " + std::to_string(outcome.system_call) + target + ")";
  switch (fault.kind) {
    case Fault::Kind::kill:
      return "killed at system call " + which;
    case Fault::Kind::error:
      return "system call " + which + " fails with \"" + std::strerror(fault.error) + '"';
    case Fault::Kind::lasting_error:
      return "system call " + which + " and every later call of the same system call fail with \"" +
             std::strerror(fault.error) + '"';
    case Fault::Kind::refusal:
      return "netlink message " + which + " is refused";
    case Fault::Kind::callback:
      return "its namespace is removed at system call " + which;
  }
  return {};
}

std::string check_unreached(const FaultSweep& spec, Scenario& scenario, const CallWithFault& call) {
  const auto problem = failure_of(spec.verb, call.outcome.answer);
  return problem.empty() ? check_invariants(spec.verb, scenario, call) : problem;
}

/// Returns false if the call has no such point.
bool inject_at(std::size_t number, const FaultSweep& spec, const Snapshot& expected, Report& report) {
  Scenario scenario{spec.network, spec.other_container};
  if (spec.verb != "ADD") scenario.perform_or_throw("ADD");
  const auto fault = spec.fault(number, scenario);
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome = scenario.perform(spec.verb, fault);
  const std::chrono::duration<double, std::milli> duration = std::chrono::steady_clock::now() - begin;
  if (outcome.was_reached) count(outcome, duration.count(), report);
  const CallWithFault call{expected, outcome};
  const auto problem =
      outcome.was_reached ? spec.check(spec.verb, scenario, call) : check_unreached(spec, scenario, call);
  const auto description = outcome.was_reached ? fault_text(fault, outcome) : "no fault was reached";
  if (!problem.empty()) report.failures.push_back(spec.verb + ", " + description + ": " + problem);
  return outcome.was_reached;
}

void run_sweep(const FaultSweep& spec, const Points& points, Report& report) {
  const auto expected = snapshot_after_add(spec.network, spec.other_container);
  sweep(
      points, [&](std::size_t number) { return inject_at(number, spec, expected, report); }, report);
}

/// "ADD with another container, ptp".
std::string subject_of(const FaultSweep& spec) {
  const bool has_other_container = spec.other_container == Scenario::OtherContainer::attached;
  return spec.verb + (has_other_container ? " with another container, " : ", ") + spec.network.name;
}

}  // namespace

Task task_for(const std::string& kind, const FaultSweep& spec, const Points& points) {
  return {kind, subject_of(spec), [spec, points](Report& report) { run_sweep(spec, points, report); }};
}

std::vector<Task> tasks_for(const AddAndDelSweeps& sweeps, bool is_sample) {
  constexpr std::size_t sample = 70;
  std::vector<Task> tasks;
  for (const auto& network : networks_of_all_plugins()) {
    for (const auto* verb : {"ADD", "DEL"}) {
      const FaultSweep spec{.verb = verb, .network = network, .fault = sweeps.fault, .check = sweeps.check};
      tasks.push_back(task_for(sweeps.kind, spec, points_for(tasks.size(), sample, is_sample)));
    }
  }
  return tasks;
}

}  // namespace faults
