#pragma once

#include "integration/faults/examine.hpp"
#include "integration/faults/scene.hpp"
#include "integration/faults/sweep.hpp"
#include "integration/faults/task.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace faults {

/// Calls of a verb, each of which another fault of one kind befalls, and what is asked of it then.
struct Trial {
  std::string verb;
  const Network& network;
  Scene::Neighbour neighbour = Scene::Neighbour::none;
  std::function<support::Fault(std::size_t number, Scene&)> fault;
  std::string (*examine)(const std::string& verb, Scene&, const Evidence&) = faults::examine;
};

/// Such a task for all points of the part. The call that no fault reaches any more has to succeed.
Task task_of(const std::string& kind, const Trial& trial, const Part& part);

/// Such tasks for ADD and DEL on every network, or a sample of their points.
struct Ordeal {
  std::string kind;
  decltype(Trial::fault) fault;
  decltype(Trial::examine) examine;
};
std::vector<Task> tasks_of(const Ordeal& ordeal, bool is_sample);

}  // namespace faults
