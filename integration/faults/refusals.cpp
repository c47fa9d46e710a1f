#include "integration/faults/sweeps.hpp"
#include "integration/faults/trial.hpp"

namespace faults {
namespace {

using support::Fault;

Fault of_one_message(std::size_t number, Scene&) { return {.number = number, .kind = Fault::Kind::refusal}; }

std::vector<Trial> trials() {
  std::vector<Trial> all;
  for (const auto& network : networks_of_all_plugins()) {
    if (network.plugin == "veth-ipam") continue;  // it talks to no kernel
    for (const auto* verb : {"ADD", "DEL", "CHECK", "GC"}) {
      if (!serves(verb, network)) continue;
      for (const auto neighbour : {Scene::Neighbour::none, Scene::Neighbour::stands})
        all.push_back({.verb = verb, .network = network, .neighbour = neighbour, .fault = of_one_message});
    }
  }
  return all;
}

}  // namespace

/// A sample has every third of them.
std::vector<Task> refusals(const Setting& setting) {
  constexpr std::size_t sample = 25;
  constexpr std::size_t sample_of_trials = 3;
  std::vector<Task> tasks;
  const auto all = trials();
  for (std::size_t number = 0; number < all.size(); number += setting.is_short ? sample_of_trials : 1)
    tasks.push_back(task_of("refusals", all[number], part_of(tasks.size(), sample, setting.is_short)));
  return tasks;
}

}  // namespace faults
