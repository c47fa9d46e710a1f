#include "integration/faults/examine.hpp"
#include "integration/faults/scene.hpp"
#include "integration/faults/sweeps.hpp"

#include <array>

namespace faults {
namespace {

using support::Answer;

std::string unless_success(const std::string& act, const Answer& answer) {
  return answer.exit == 0 ? "" : told(act + " failed", answer);
}

/// What a runtime does after it has lost a plugin. Each tells what was wrong with it; the node is looked at afterwards.
struct Recovery {
  const char* name;
  std::string (*go_on)(Scene&);
};

std::string delete_it(Scene& scene) { return unless_success("DEL", scene.perform("DEL")); }

std::string delete_it_when_its_namespace_is_gone(Scene& scene) {
  scene.lose_namespace();
  return delete_it(scene);
}

std::string collect_it(Scene& scene) { return unless_success("GC", scene.perform("GC")); }

std::string add_it_again(Scene& scene) {
  constexpr int already_attached = 101;
  const bool has_to_be_refused = scene.stands_and_was_answered();
  const auto answer = scene.perform("ADD");
  std::string fault;
  if (!has_to_be_refused)
    fault = unless_success("ADD", answer);
  else if (support::code_of(answer) != already_attached)
    fault = "ADD was not refused: " + answer.out + "\n";
  if (fault.empty() && answer.exit == 0) fault = unless_success("CHECK", scene.perform("CHECK"));
  return fault + delete_it(scene);
}

constexpr std::array<Recovery, 4> recoveries{{{"DEL", delete_it},
                                              {"DEL without its namespace", delete_it_when_its_namespace_is_gone},
                                              {"GC", collect_it},
                                              {"ADD", add_it_again}}};

/// What is killed. GC has to have something that it leaves alone; the first ADD of a node makes what others find.
struct Act {
  const char* name;
  std::string verb;
  Scene::Neighbour neighbour = Scene::Neighbour::none;
};

const std::array<Act, 5> acts{{{"ADD", "ADD"},
                               {"ADD beside another", "ADD", Scene::Neighbour::stands},
                               {"DEL", "DEL"},
                               {"CHECK", "CHECK"},
                               {"GC beside another", "GC", Scene::Neighbour::stands}}};

/// A part of all points: every `step`th from `first` on.
struct Part {
  std::size_t first = 1;
  std::size_t step = 1;
};

struct Sweep {
  const Act& act;
  const Network& network;
  const Recovery& recovery;
  Part part;
};

/// False where the verb makes fewer system calls.
bool kill_at(std::size_t number, const Sweep& sweep, Report& report) {
  const auto& verb = sweep.act.verb;
  Scene scene{sweep.network, sweep.act.neighbour};
  std::string fault;
  if (verb != "ADD") fault = unless_success("ADD", scene.perform("ADD"));
  const auto struck = scene.perform(verb, {.number = number});
  if (!struck.was_reached) return false;
  ++report.points;
  fault += sweep.recovery.go_on(scene);
  fault += scene.changes();
  if (!fault.empty())
    report.failures.push_back(verb + " killed at system call " + std::to_string(number) + " (number " +
                              std::to_string(struck.system_call) + "), then " + sweep.recovery.name + ": " + fault);
  return true;
}

void sweep_over(const Sweep& sweep, Report& report) {
  for (auto number = sweep.part.first; kill_at(number, sweep, report); number += sweep.part.step) {
  }
  if (report.points == 0) report.failures.emplace_back("nothing was killed");
}

}  // namespace

std::vector<Task> kills(const Setting& setting) {
  constexpr std::size_t sample = 40;
  std::vector<Task> tasks;
  for (const auto& act : acts) {
    for (const auto& network : networks()) {
      for (const auto& recovery : recoveries) {
        const Part part = setting.is_short ? Part{1 + tasks.size() * 11 % sample, sample} : Part{};
        const Sweep sweep{act, network, recovery, part};
        tasks.push_back(
            {"kill", act.name + (", " + network.name), [sweep](Report& report) { sweep_over(sweep, report); }});
      }
    }
  }
  return tasks;
}

}  // namespace faults
