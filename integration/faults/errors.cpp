#include "integration/faults/fault_sweep.hpp"
#include "integration/faults/kinds.hpp"

#include <array>
#include <cerrno>

namespace faults {
namespace {

using support::Fault;

constexpr std::array all_errors{ENOMEM, EIO, ENOSPC, EINTR, EMFILE, EPERM, EAGAIN};

/// Errors that last until an administrator frees resources.
constexpr std::array lasting_errors{ENOMEM, ENOSPC, EMFILE};

using FaultAt = std::function<Fault(std::size_t, Scenario&)>;

FaultAt error_fault(int error) {
  return [error](std::size_t number, Scenario&) {
    return Fault{.number = number, .kind = Fault::Kind::error, .error = error};
  };
}

Fault next_error_fault(std::size_t number, Scenario&) {
  return {.number = number, .kind = Fault::Kind::error, .error = all_errors.at(number % all_errors.size())};
}

Fault lasting_error_fault(std::size_t number, Scenario&) {
  return {
      .number = number, .kind = Fault::Kind::lasting_error, .error = lasting_errors.at(number % lasting_errors.size())};
}

/// A full run has one sweep for each error. In a sample, and with another container, the errors are used in turn.
std::vector<FaultSweep> sweeps_of(const Network& network, bool is_sample) {
  std::vector<FaultSweep> sweeps;
  for (const auto* verb : {"ADD", "DEL"}) {
    const std::size_t count = is_sample ? 1 : all_errors.size();
    for (std::size_t index = 0; index < count; ++index) {
      const auto fault = is_sample ? FaultAt{next_error_fault} : error_fault(all_errors.at(index));
      sweeps.push_back({.verb = verb, .network = network, .fault = fault});
    }
  }
  for (const auto* verb : {"ADD", "DEL", "CHECK", "GC"}) {
    if (!supports(verb, network)) continue;
    sweeps.push_back({.verb = verb,
                      .network = network,
                      .other_container = Scenario::OtherContainer::attached,
                      .fault = next_error_fault});
  }
  return sweeps;
}

}  // namespace

std::vector<Task> errors(const Options& options) {
  constexpr std::size_t sample = 90;
  std::vector<Task> tasks;
  for (const auto& network : networks_of_all_plugins()) {
    for (const auto& sweep : sweeps_of(network, options.is_short))
      tasks.push_back(task_for("errors", sweep, points_for(tasks.size(), sample, options.is_short)));
  }
  return tasks;
}

std::vector<Task> shortages(const Options& options) {
  return tasks_for({"shortages", lasting_error_fault, check_after_del}, options.is_short);
}

}  // namespace faults
