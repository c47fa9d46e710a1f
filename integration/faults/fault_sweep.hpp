#pragma once

#include "integration/faults/invariants.hpp"
#include "integration/faults/scenario.hpp"
#include "integration/faults/sweep.hpp"
#include "integration/faults/task.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace faults {

/// Calls of one verb, each with a fault at another point, and the check after each.
struct FaultSweep {
  std::string verb;
  const Network& network;
  Scenario::OtherContainer other_container = Scenario::OtherContainer::absent;
  std::function<support::Fault(std::size_t number, Scenario&)> fault;
  std::string (*check)(const std::string& verb, Scenario&, const CallWithFault&) = check_invariants;
};

/// The task that runs the sweep over these points. The call in which no fault is reached must succeed.
Task task_for(const std::string& kind, const FaultSweep& sweep, const Points& points);

/// The fault and the check of a kind whose sweeps are ADD and DEL on every network.
struct AddAndDelSweeps {
  std::string kind;
  decltype(FaultSweep::fault) fault;
  decltype(FaultSweep::check) check;
};
std::vector<Task> tasks_for(const AddAndDelSweeps& sweeps, bool is_sample);

}  // namespace faults
