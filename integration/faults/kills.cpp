#include "integration/faults/invariants.hpp"
#include "integration/faults/kinds.hpp"
#include "integration/faults/scenario.hpp"
#include "integration/faults/sweep.hpp"

#include <array>

namespace faults {
namespace {

/// What a runtime may do after the plugin was killed at the system call of this number. Returns which call failed. The
/// node is compared afterwards.
struct Recovery {
  const char* name;
  std::string (*run)(Scenario&, std::size_t number);
};

std::string del(Scenario& scenario, std::size_t) { return failure_of("DEL", scenario.perform("DEL")); }

std::string del_without_namespace(Scenario& scenario, std::size_t number) {
  scenario.remove_namespace();
  return del(scenario, number);
}

/// The DEL is killed at a different system call for each number.
std::string killed_del_then_del(Scenario& scenario, std::size_t number) {
  constexpr std::size_t stride = 37;
  constexpr std::size_t calls_of_a_del = 90;
  scenario.perform("DEL", {.number = 1 + number * stride % calls_of_a_del});
  return del(scenario, number);
}

std::string gc(Scenario& scenario, std::size_t) { return failure_of("GC", scenario.perform("GC")); }

std::string add_again(Scenario& scenario, std::size_t number) {
  constexpr int already_attached = 101;
  const bool must_be_refused = scenario.must_refuse_add();
  const auto answer = scenario.perform("ADD");
  std::string problem;
  if (!must_be_refused)
    problem = failure_of("ADD", answer);
  else if (support::code_of(answer) != already_attached)
    problem = describe("ADD was not refused", answer);
  if (problem.empty() && answer.exit == 0) problem = failure_of("CHECK", scenario.perform("CHECK"));
  return problem + del(scenario, number);
}

constexpr std::array<Recovery, 5> recoveries{{{"DEL", del},
                                              {"DEL without the namespace", del_without_namespace},
                                              {"a killed DEL, then DEL", killed_del_then_del},
                                              {"GC", gc},
                                              {"ADD", add_again}}};

/// The call that is killed. For GC the other container is valid, so it must not change. The first ADD on a node also
/// creates objects that later ones find, such as tables.
struct KilledCall {
  const char* name;
  std::string verb;
  Scenario::OtherContainer other_container = Scenario::OtherContainer::absent;
};

const std::array<KilledCall, 6> killed_calls{{{"ADD", "ADD"},
                                              {"ADD with another container", "ADD", Scenario::OtherContainer::attached},
                                              {"DEL", "DEL"},
                                              {"DEL with another container", "DEL", Scenario::OtherContainer::attached},
                                              {"CHECK", "CHECK"},
                                              {"GC with another container", "GC", Scenario::OtherContainer::attached}}};

struct KillSweep {
  const KilledCall& call;
  const Network& network;
  const Recovery& recovery;
};

/// A second killed call is only tested after the first ADD of a node.
bool is_applicable(const KillSweep& sweep) {
  const auto& [call, network, recovery] = sweep;
  const bool is_first = call.verb == "ADD" && call.other_container == Scenario::OtherContainer::absent;
  if (recovery.run == gc && !supports("GC", network)) return false;
  return supports(call.verb, network) && (recovery.run != killed_del_then_del || is_first);
}

/// Returns what failed, and what has changed on the node.
std::string recover(const KillSweep& sweep, std::size_t number, Scenario& scenario) {
  auto problem = sweep.recovery.run(scenario, number);
  problem += scenario.changes();
  return problem;
}

std::string check_unreached(const KillSweep& sweep, Scenario& scenario, const support::Answer& answer) {
  auto problem = failure_of(sweep.call.verb + " without a fault", answer);
  problem += recover(sweep, 1, scenario);
  return problem;
}

/// Returns false if the call makes fewer system calls.
bool kill_at(std::size_t number, const KillSweep& sweep, Report& report) {
  const auto& verb = sweep.call.verb;
  Scenario scenario{sweep.network, sweep.call.other_container};
  if (verb != "ADD") scenario.perform_or_throw("ADD");
  const auto outcome = scenario.perform(verb, {.number = number});
  if (!outcome.was_reached) {
    if (const auto problem = check_unreached(sweep, scenario, outcome.answer); !problem.empty())
      report.failures.push_back(problem);
    return false;
  }
  ++report.points;
  auto problem = outcome.was_in_helper ? failure_of(verb + " whose helper was killed", outcome.answer) : "";
  problem += recover(sweep, number, scenario);
  if (!problem.empty())
    report.failures.push_back(verb + " killed at system call " + std::to_string(number) + " (__NR " +
                              std::to_string(outcome.system_call) + "), then " + sweep.recovery.name + ": " + problem);
  return true;
}

Task task_for(const KillSweep& kill_sweep, const Points& points) {
  return {"kill", kill_sweep.call.name + (", " + kill_sweep.network.name), [kill_sweep, points](Report& report) {
            sweep(
                points, [&](std::size_t number) { return kill_at(number, kill_sweep, report); }, report);
          }};
}

}  // namespace

/// A sample has one recovery for each call and network, in turn.
std::vector<Task> kills(const Options& options) {
  constexpr std::size_t sample = 60;
  std::vector<Task> tasks;
  std::size_t number = 0;
  for (const auto& call : killed_calls) {
    for (const auto& network : networks_of_all_plugins()) {
      const auto& chosen = recoveries.at(number++ % recoveries.size());
      for (const auto& recovery : recoveries) {
        const KillSweep kill_sweep{call, network, recovery};
        const bool is_left_out = options.is_short && &recovery != &chosen;
        if (is_left_out || !is_applicable(kill_sweep)) continue;
        tasks.push_back(task_for(kill_sweep, points_for(tasks.size(), sample, options.is_short)));
      }
    }
  }
  return tasks;
}

}  // namespace faults
