#include "integration/faults/examine.hpp"
#include "integration/faults/scene.hpp"
#include "integration/faults/sweeps.hpp"

#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace faults {
namespace {

using support::Answer;
using support::Struck;

constexpr std::array all_errors{ENOMEM, EIO, ENOSPC, EINTR, EMFILE, EPERM, EAGAIN};

struct Sweep {
  std::string verb;
  const Network& network;
  int error;
  std::size_t first = 1;
  std::size_t step = 1;
};

/// Where the program has no words yet, or none any more, its exit status alone speaks: while it is being loaded, and
/// where the error object is what could not be written.
bool has_words(const Answer& answer) { return answer.exit == 0 || support::code_of(answer) != 0; }

void count(const Struck& struck, double milliseconds, Report& report) {
  ++report.points;
  auto& figures = report.figures;
  figures["successes"] = figures.value("successes", 0) + (struck.answer.exit == 0 ? 1 : 0);
  figures["errors without words"] = figures.value("errors without words", 0) + (has_words(struck.answer) ? 0 : 1);
  figures["slowest ms"] = std::max(figures.value("slowest ms", 0.0), milliseconds);
}

/// exit_group cannot fail.
bool refuse_at(std::size_t number, const Sweep& sweep, Report& report) {
  Scene scene{sweep.network};
  if (sweep.verb == "DEL") scene.perform("ADD");
  const auto begin = std::chrono::steady_clock::now();
  const auto struck = scene.perform(sweep.verb, {.number = number, .error = sweep.error});
  const std::chrono::duration<double, std::milli> duration = std::chrono::steady_clock::now() - begin;
  if (!struck.was_reached || struck.system_call == SYS_exit_group) return false;
  count(struck, duration.count(), report);
  const auto fault = examine(sweep.verb, scene, struck.answer);
  if (!fault.empty())
    report.failures.push_back(sweep.verb + ", system call " + std::to_string(number) + " (number " +
                              std::to_string(struck.system_call) + ") failed with \"" + std::strerror(sweep.error) +
                              "\": " + fault);
  return true;
}

void sweep_over(const Sweep& sweep, Report& report) {
  for (auto number = sweep.first; refuse_at(number, sweep, report); number += sweep.step) {
  }
  if (report.points == 0) report.failures.emplace_back("no system call failed");
}

}  // namespace

std::vector<Task> errors(const Setting& setting) {
  constexpr std::size_t sample = 60;
  std::vector<Task> tasks;
  for (const std::string verb : {"ADD", "DEL"}) {
    for (const auto& network : networks()) {
      for (const int error : all_errors) {
        Sweep sweep{verb, network, error};
        if (setting.is_short) sweep.first = 1 + tasks.size() * 17 % (sweep.step = sample);
        tasks.push_back({"errors", verb + ", " + network.name, [sweep](Report& report) { sweep_over(sweep, report); }});
      }
    }
  }
  return tasks;
}

}  // namespace faults
