#include "integration/faults/sweeps.hpp"
#include "integration/faults/trial.hpp"

namespace faults {
namespace {

using support::Fault;

Fault of_one_message(std::size_t number, Scene&) { return {.number = number, .kind = Fault::Kind::refusal}; }

}  // namespace

std::vector<Task> refusals(const Setting& setting) {
  constexpr std::size_t sample = 25;
  std::vector<Task> tasks;
  for (const auto& network : networks_of_all_plugins()) {
    if (network.plugin == "veth-ipam") continue;  // it talks to no kernel
    for (const auto* verb : {"ADD", "DEL", "CHECK", "GC"}) {
      if (!serves(verb, network)) continue;
      for (const auto neighbour : {Scene::Neighbour::none, Scene::Neighbour::stands}) {
        const Trial trial{.verb = verb, .network = network, .neighbour = neighbour, .fault = of_one_message};
        tasks.push_back(task_of("refusals", trial, part_of(tasks.size(), sample, setting.is_short)));
      }
    }
  }
  return tasks;
}

}  // namespace faults
