#include "integration/faults/examine.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>
#include <utility>

namespace faults {
namespace {

using support::Answer;
using support::Snapshot;
using support::Struck;

std::string unless_ended(const Answer& answer) {
  return answer.exit == 0 || answer.exit == 1 ? "" : told("neither a success nor an error", answer);
}

/// What makes the program ready for main ends it where the kernel refuses to let it protect its memory, or to give it
/// storage for its thread.
bool was_not_loaded(const Struck& struck) {
  constexpr int exit_of_the_loader = 127;
  return !struck.had_begun && struck.answer.exit == exit_of_the_loader;
}

/// glibc's malloc takes the one brk for granted that aligns its first memory, and aborts where it misses that, which
/// may be in the middle of the call. That is as good as a kill.
bool was_ended_by_malloc(const Struck& struck) {
  constexpr int aborted = 134;
  const bool says_so = struck.answer.err.find("malloc assertion failure") != std::string::npos;
  return struck.system_call == SYS_brk && struck.answer.exit == aborted && says_so;
}

/// The error object is what could not be written. One refusal alone is followed by another try.
bool is_muted(const Struck& struck) {
  const bool was_refused_once = struck.of.size() == 1;
  return struck.system_call == SYS_write && !was_refused_once &&
         std::ranges::find(struck.of, "file 1") != struck.of.end();
}

/// The last steps of an ADD write the ifindexes into the record and rename it. Its answer is printed by then, and the
/// record stays pending: a later ADD may replace it.
bool failed_to_go_live(const Struck& struck) {
  if (struck.system_call == SYS_pwrite64) return true;
  return std::ranges::any_of(struck.of, [](const std::string& path) { return path.starts_with("net/live/"); });
}

std::string differences(const Scene& scene, const Evidence& evidence) {
  auto portrait = scene.portrait();
  if (failed_to_go_live(evidence.struck)) portrait.replace("/net/pending/", "/net/live/");
  return support::difference(evidence.wanted, portrait);
}

/// What the kernel does by itself some time after the call is waited for.
std::string lasting_differences(const Scene& scene, const Evidence& evidence) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{1};
  std::string found = differences(scene, evidence);
  while (!found.empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    found = differences(scene, evidence);
  }
  return found;
}

std::string delete_and_look(Scene& scene) {
  const auto fault = unless_success("DEL", scene.perform("DEL"));
  return fault.empty() ? scene.changes() : fault;
}

/// It says that the container has a network: then it has one.
std::string check_and_delete(Scene& scene, const Answer& answer) {
  if (!answer.result.is_object() || !answer.result.contains("ips")) return told("a success without a result", answer);
  const auto fault = unless_success("CHECK of a success", scene.perform("CHECK"));
  return fault.empty() ? delete_and_look(scene) : fault;
}

std::string what_an_error_left(const Scene& scene, const Answer& answer) {
  const auto left = scene.changes();
  return left.empty() ? "" : told("an error that left something", answer) + left;
}

std::string examine_success(Scene& scene, const Evidence& evidence) {
  const auto found = lasting_differences(scene, evidence);
  if (!found.empty()) return told("a success that is none", evidence.struck.answer) + found;
  return check_and_delete(scene, evidence.struck.answer);
}

/// A call that fails is made again by the runtime.
std::string examine_removal(const std::string& verb, Scene& scene, const Answer& answer) {
  if (answer.exit == 0) {
    const auto left = scene.changes();
    return left.empty() ? "" : told("a success that is none", answer) + left;
  }
  const auto fault = unless_success(verb + " after one that failed", scene.perform(verb));
  return fault.empty() ? scene.changes() : fault;
}

/// It changes nothing, whatever it says.
std::string examine_check(Scene& scene, const Evidence& evidence) {
  const auto found = lasting_differences(scene, evidence);
  return found.empty() ? delete_and_look(scene)
                       : told("a CHECK that changed something", evidence.struck.answer) + found;
}

}  // namespace

std::string told(const std::string& fault, const Answer& answer) {
  std::ostringstream text;
  text << fault << ": " << answer << '\n';
  return text.str();
}

std::string unless_success(const std::string& act, const Answer& answer) {
  return answer.exit == 0 ? "" : told(act + " failed", answer);
}

std::string unless_answered(const Struck& struck) {
  const auto& answer = struck.answer;
  if (was_not_loaded(struck) || was_ended_by_malloc(struck)) return {};
  if (auto fault = unless_ended(answer); !fault.empty()) return fault;
  const bool has_words = answer.exit == 0 || support::code_of(answer) != 0;
  return has_words || is_muted(struck) ? "" : told("an error without words", answer);
}

std::string examine(const std::string& verb, Scene& scene, const Answer& answer) {
  if (auto fault = unless_ended(answer); !fault.empty()) return fault;
  if (verb != "ADD") return examine_removal(verb, scene, answer);
  return answer.exit == 0 ? check_and_delete(scene, answer) : what_an_error_left(scene, answer);
}

std::string examine(const std::string& verb, Scene& scene, const Evidence& evidence) {
  const auto& answer = evidence.struck.answer;
  if (auto fault = unless_answered(evidence.struck); !fault.empty()) return fault;
  if (was_ended_by_malloc(evidence.struck)) return delete_and_look(scene);
  if (verb == "CHECK") return examine_check(scene, evidence);
  if (verb != "ADD") return examine_removal(verb, scene, answer);
  return answer.exit == 0 ? examine_success(scene, evidence) : what_an_error_left(scene, answer);
}

std::string examine_with_del(const std::string& verb, Scene& scene, const Evidence& evidence) {
  const bool has_failed = evidence.struck.answer.exit != 0;
  if (verb != "ADD" || !has_failed) return examine(verb, scene, evidence);
  const auto fault = unless_answered(evidence.struck);
  return fault.empty() ? delete_and_look(scene) : fault;
}

Snapshot portrait_of_an_add(const Network& network, Scene::Neighbour neighbour) {
  Scene scene{network, neighbour};
  scene.prepare("ADD");
  auto portrait = scene.portrait();
  for (auto earlier = Snapshot{}; earlier != portrait;) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    earlier = std::exchange(portrait, scene.portrait());
  }
  return portrait;
}

}  // namespace faults
