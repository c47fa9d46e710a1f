#include "integration/faults/fault_sweep.hpp"
#include "integration/faults/kinds.hpp"

namespace faults {
namespace {

using support::Fault;

/// The plugin may have the namespace open, and then holds its last reference.
Fault namespace_removal(std::size_t number, Scenario& scenario) {
  return {.number = number, .kind = Fault::Kind::callback, .callback = [&scenario] { scenario.remove_namespace(); }};
}

/// The call may fail, but must answer in time. A DEL without the namespace then leaves nothing on the host.
std::string check_after_removal(const std::string&, Scenario& scenario, const CallWithFault& call) {
  if (auto problem = answer_failure(call.outcome); !problem.empty()) return problem;
  if (auto problem = failure_of("DEL", scenario.perform("DEL")); !problem.empty()) return problem;
  return scenario.changes();
}

}  // namespace

std::vector<Task> namespace_removals(const Options& options) {
  return tasks_for({"netns", namespace_removal, check_after_removal}, options.is_short);
}

}  // namespace faults
