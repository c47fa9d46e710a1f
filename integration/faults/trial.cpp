#include "integration/faults/trial.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace faults {
namespace {

using support::Fault;
using support::Snapshot;
using support::Struck;

void count(const Struck& struck, double milliseconds, Report& report) {
  ++report.points;
  const bool has_words = struck.answer.exit == 0 || support::code_of(struck.answer) != 0;
  auto& figures = report.figures;
  figures["successes"] = figures.value("successes", 0) + (struck.answer.exit == 0 ? 1 : 0);
  figures["errors without words"] = figures.value("errors without words", 0) + (has_words ? 0 : 1);
  figures["slowest ms"] = std::max(figures.value("slowest ms", 0.0), milliseconds);
}

/// "system call 57 (number 264, "net/live/...") fails with "No space left on device"".
std::string words_for(const Fault& fault, const Struck& struck) {
  const auto of = struck.of.empty() ? "" : ", \"" + struck.of.front() + '"';
  const auto which = std::to_string(fault.number) + " (number " + std::to_string(struck.system_call) + of + ")";
  switch (fault.kind) {
    case Fault::Kind::kill:
      return "killed at system call " + which;
    case Fault::Kind::error:
      return "system call " + which + " fails with \"" + std::strerror(fault.error) + '"';
    case Fault::Kind::lasting_error:
      return "from system call " + which + " on all of its number fail with \"" + std::strerror(fault.error) + '"';
    case Fault::Kind::refusal:
      return "netlink message " + which + " is refused";
    case Fault::Kind::event:
      return "its namespace dies at system call " + which;
  }
  return {};
}

std::string unless_untouched(const Trial& trial, Scene& scene, const Evidence& evidence) {
  const auto fault = unless_success(trial.verb, evidence.struck.answer);
  return fault.empty() ? examine(trial.verb, scene, evidence) : fault;
}

/// False where the call has no such point.
bool strike(std::size_t number, const Trial& trial, const Snapshot& wanted, Report& report) {
  Scene scene{trial.network, trial.neighbour};
  if (trial.verb != "ADD") scene.prepare("ADD");
  const auto fault = trial.fault(number, scene);
  const auto begin = std::chrono::steady_clock::now();
  const auto struck = scene.perform(trial.verb, fault);
  const std::chrono::duration<double, std::milli> duration = std::chrono::steady_clock::now() - begin;
  if (struck.was_reached) count(struck, duration.count(), report);
  const Evidence evidence{wanted, struck};
  const auto found =
      struck.was_reached ? trial.examine(trial.verb, scene, evidence) : unless_untouched(trial, scene, evidence);
  const auto words = struck.was_reached ? words_for(fault, struck) : "nothing befell it";
  if (!found.empty()) report.failures.push_back(trial.verb + ", " + words + ": " + found);
  return struck.was_reached;
}

void hold(const Trial& trial, const Part& part, Report& report) {
  const auto wanted = portrait_of_an_add(trial.network, trial.neighbour);
  sweep(
      part, [&](std::size_t number) { return strike(number, trial, wanted, report); }, report);
}

/// "ADD beside another, ptp".
std::string subject_of(const Trial& trial) {
  const bool is_alone = trial.neighbour == Scene::Neighbour::none;
  return trial.verb + (is_alone ? ", " : " beside another, ") + trial.network.name;
}

}  // namespace

Task task_of(const std::string& kind, const Trial& trial, const Part& part) {
  return {kind, subject_of(trial), [trial, part](Report& report) { hold(trial, part, report); }};
}

std::vector<Task> tasks_of(const Ordeal& ordeal, bool is_sample) {
  constexpr std::size_t sample = 70;
  std::vector<Task> tasks;
  for (const auto& network : networks_of_all_plugins()) {
    for (const auto* verb : {"ADD", "DEL"}) {
      const Trial trial{.verb = verb, .network = network, .fault = ordeal.fault, .examine = ordeal.examine};
      tasks.push_back(task_of(ordeal.kind, trial, part_of(tasks.size(), sample, is_sample)));
    }
  }
  return tasks;
}

}  // namespace faults
