#include "integration/faults/fault_sweep.hpp"
#include "integration/faults/kinds.hpp"

namespace faults {
namespace {

using support::Fault;

Fault refused_message(std::size_t number, Scenario&) { return {.number = number, .kind = Fault::Kind::refusal}; }

std::vector<FaultSweep> sweeps() {
  std::vector<FaultSweep> all;
  for (const auto& network : networks_of_all_plugins()) {
    if (network.plugin == "veth-ipam") continue;  // it sends no netlink messages
    for (const auto* verb : {"ADD", "DEL", "CHECK", "GC"}) {
      if (!supports(verb, network)) continue;
      for (const auto other_container : {Scenario::OtherContainer::absent, Scenario::OtherContainer::attached})
        all.push_back({.verb = verb, .network = network, .other_container = other_container, .fault = refused_message});
    }
  }
  return all;
}

}  // namespace

/// A sample has every third sweep.
std::vector<Task> refusals(const Options& options) {
  constexpr std::size_t sample = 25;
  constexpr std::size_t sample_of_sweeps = 3;
  std::vector<Task> tasks;
  const auto all = sweeps();
  for (std::size_t number = 0; number < all.size(); number += options.is_short ? sample_of_sweeps : 1)
    tasks.push_back(task_for("refusals", all[number], points_for(tasks.size(), sample, options.is_short)));
  return tasks;
}

}  // namespace faults
