#include "integration/faults/examine.hpp"
#include "integration/faults/scene.hpp"
#include "integration/faults/sweep.hpp"
#include "integration/faults/sweeps.hpp"

#include <array>

namespace faults {
namespace {

/// What a runtime does after it has lost a plugin at the system call of this number. Each tells what was wrong with it;
/// the node is looked at afterwards.
struct Recovery {
  const char* name;
  std::string (*go_on)(Scene&, std::size_t number);
};

std::string delete_it(Scene& scene, std::size_t) { return unless_success("DEL", scene.perform("DEL")); }

std::string delete_it_when_its_namespace_is_gone(Scene& scene, std::size_t number) {
  scene.lose_namespace();
  return delete_it(scene, number);
}

/// At another point for each point before.
std::string delete_it_twice(Scene& scene, std::size_t number) {
  constexpr std::size_t stride = 37;
  constexpr std::size_t calls_of_a_del = 90;
  scene.perform("DEL", {.number = 1 + number * stride % calls_of_a_del});
  return delete_it(scene, number);
}

std::string collect_it(Scene& scene, std::size_t) { return unless_success("GC", scene.perform("GC")); }

std::string add_it_again(Scene& scene, std::size_t number) {
  constexpr int already_attached = 101;
  const bool has_to_be_refused = scene.stands_and_was_answered();
  const auto answer = scene.perform("ADD");
  std::string fault;
  if (!has_to_be_refused)
    fault = unless_success("ADD", answer);
  else if (support::code_of(answer) != already_attached)
    fault = told("ADD was not refused", answer);
  if (fault.empty() && answer.exit == 0) fault = unless_success("CHECK", scene.perform("CHECK"));
  return fault + delete_it(scene, number);
}

constexpr std::array<Recovery, 5> recoveries{{{"DEL", delete_it},
                                              {"DEL without its namespace", delete_it_when_its_namespace_is_gone},
                                              {"a DEL that is killed, and DEL", delete_it_twice},
                                              {"GC", collect_it},
                                              {"ADD", add_it_again}}};

/// What is killed. GC has to have something that it leaves alone; the first ADD of a node makes what others find.
struct Act {
  const char* name;
  std::string verb;
  Scene::Neighbour neighbour = Scene::Neighbour::none;
};

const std::array<Act, 6> acts{{{"ADD", "ADD"},
                               {"ADD beside another", "ADD", Scene::Neighbour::stands},
                               {"DEL", "DEL"},
                               {"DEL beside another", "DEL", Scene::Neighbour::stands},
                               {"CHECK", "CHECK"},
                               {"GC beside another", "GC", Scene::Neighbour::stands}}};

struct Sweep {
  const Act& act;
  const Network& network;
  const Recovery& recovery;
};

/// Of those who lose two calls the ones that were adding alone are enough.
bool makes_sense(const Sweep& sweep) {
  const auto& [act, network, recovery] = sweep;
  const bool is_first = act.verb == "ADD" && act.neighbour == Scene::Neighbour::none;
  if (recovery.go_on == collect_it && !serves("GC", network)) return false;
  return serves(act.verb, network) && (recovery.go_on != delete_it_twice || is_first);
}

/// What was wrong with it, and what is wrong with the node.
std::string recover(const Sweep& sweep, std::size_t number, Scene& scene) {
  auto fault = sweep.recovery.go_on(scene, number);
  fault += scene.changes();
  return fault;
}

std::string unless_whole(const Sweep& sweep, Scene& scene, const support::Answer& answer) {
  auto fault = unless_success("nothing befell it: " + sweep.act.verb, answer);
  fault += recover(sweep, 1, scene);
  return fault;
}

/// False where the verb makes fewer system calls.
bool kill_at(std::size_t number, const Sweep& sweep, Report& report) {
  const auto& verb = sweep.act.verb;
  Scene scene{sweep.network, sweep.act.neighbour};
  if (verb != "ADD") scene.prepare("ADD");
  const auto struck = scene.perform(verb, {.number = number});
  if (!struck.was_reached) {
    if (const auto fault = unless_whole(sweep, scene, struck.answer); !fault.empty()) report.failures.push_back(fault);
    return false;
  }
  ++report.points;
  const auto fault = recover(sweep, number, scene);
  if (!fault.empty())
    report.failures.push_back(verb + " killed at system call " + std::to_string(number) + " (number " +
                              std::to_string(struck.system_call) + "), then " + sweep.recovery.name + ": " + fault);
  return true;
}

Task task_of(const Sweep& made, const Part& part) {
  return {"kill", made.act.name + (", " + made.network.name), [made, part](Report& report) {
            sweep(
                part, [&](std::size_t number) { return kill_at(number, made, report); }, report);
          }};
}

}  // namespace

/// A sample has one way of going on for each act and network, another one each time.
std::vector<Task> kills(const Setting& setting) {
  constexpr std::size_t sample = 60;
  std::vector<Task> tasks;
  std::size_t turn = 0;
  for (const auto& act : acts) {
    for (const auto& network : networks_of_all_plugins()) {
      const auto& chosen = recoveries.at(turn++ % recoveries.size());
      for (const auto& recovery : recoveries) {
        const Sweep made{act, network, recovery};
        const bool is_left_out = setting.is_short && &recovery != &chosen;
        if (is_left_out || !makes_sense(made)) continue;
        tasks.push_back(task_of(made, part_of(tasks.size(), sample, setting.is_short)));
      }
    }
  }
  return tasks;
}

}  // namespace faults
