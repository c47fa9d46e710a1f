#include "integration/faults/sweeps.hpp"
#include "integration/faults/trial.hpp"

#include <array>
#include <cerrno>

namespace faults {
namespace {

using support::Fault;

constexpr std::array all_errors{ENOMEM, EIO, ENOSPC, EINTR, EMFILE, EPERM, EAGAIN};

/// Those that do not go away by themselves.
constexpr std::array lasting_errors{ENOMEM, ENOSPC, EMFILE};

using Faults = std::function<Fault(std::size_t, Scene&)>;

Faults with(int error) {
  return [error](std::size_t number, Scene&) {
    return Fault{.number = number, .kind = Fault::Kind::error, .error = error};
  };
}

Fault with_each_in_turn(std::size_t number, Scene&) {
  return {.number = number, .kind = Fault::Kind::error, .error = all_errors.at(number % all_errors.size())};
}

Fault with_one_that_lasts(std::size_t number, Scene&) {
  return {
      .number = number, .kind = Fault::Kind::lasting_error, .error = lasting_errors.at(number % lasting_errors.size())};
}

/// A sample has them in turn; beside another all sweeps have.
std::vector<Trial> trials_of(const Network& network, bool is_sample) {
  std::vector<Trial> trials;
  for (const auto* verb : {"ADD", "DEL"}) {
    const std::size_t count = is_sample ? 1 : all_errors.size();
    for (std::size_t place = 0; place < count; ++place) {
      const auto fault = is_sample ? Faults{with_each_in_turn} : with(all_errors.at(place));
      trials.push_back({.verb = verb, .network = network, .fault = fault});
    }
  }
  for (const auto* verb : {"ADD", "DEL", "CHECK", "GC"}) {
    if (!serves(verb, network)) continue;
    trials.push_back(
        {.verb = verb, .network = network, .neighbour = Scene::Neighbour::stands, .fault = with_each_in_turn});
  }
  return trials;
}

}  // namespace

std::vector<Task> errors(const Setting& setting) {
  constexpr std::size_t sample = 90;
  std::vector<Task> tasks;
  for (const auto& network : networks_of_all_plugins()) {
    for (const auto& trial : trials_of(network, setting.is_short))
      tasks.push_back(task_of("errors", trial, part_of(tasks.size(), sample, setting.is_short)));
  }
  return tasks;
}

std::vector<Task> shortages(const Setting& setting) {
  return tasks_of({"shortages", with_one_that_lasts, examine_with_del}, setting.is_short);
}

}  // namespace faults
