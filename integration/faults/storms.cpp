#include "integration/faults/crowd.hpp"
#include "integration/faults/storm.hpp"
#include "integration/faults/sweeps.hpp"

#include <chrono>
#include <string>

namespace faults {
namespace {

constexpr std::size_t at_once = 64;
constexpr std::size_t containers = 40;

void require(const std::string& figure, std::size_t least, Report& report) {
  if (report.figures.value(figure, std::size_t{0}) < least)
    report.failures.push_back("\"" + figure + "\" has to be " + std::to_string(least) + " at least");
}

/// What has to have happened for the storm to say anything.
void require_events(Report& report) {
  for (const char* event : {"CHECK right after ADD", "forgotten", "namespaces lost", "GC", "STATUS", "DEL"})
    require(event, 1, report);
}

void storm(std::size_t operations, Report& report) {
  Storm storm{containers, report};
  storm.blow(operations, at_once);
  storm.calm_down();
  require_events(report);
}

/// The goals for CHECK and for the slowest of a hundred are held against a whole storm only: a few calls say little.
void whole_storm(Report& report) {
  constexpr double most = 10;
  constexpr std::size_t checks = 1000;
  storm(10'000, report);
  require("CHECK right after ADD", checks, report);
  for (const std::string verb : {"ADD", "CHECK", "DEL"}) {
    const auto middle = report.figures.at(verb + " p50 ms").get<double>();
    const auto slowest = report.figures.at(verb + " p99 ms").get<double>();
    if (slowest > most * middle)
      report.failures.push_back(verb + ": the slowest of 100 takes more than 10 x the median");
  }
}

/// GC of another network takes the tables away as soon as nobody uses them: between two ADDs, or in the middle of one.
void come_and_go(std::size_t operations, Report& report) {
  constexpr std::size_t few = 2;
  constexpr std::size_t few_at_once = 5;
  Storm storm{few, report};
  storm.blow(operations, few_at_once);
  storm.calm_down();
  require_events(report);
}

void soak(std::chrono::minutes duration, Report& report) {
  const auto end = std::chrono::steady_clock::now() + duration;
  Storm storm{containers, report};
  do storm.blow(1000, at_once);
  while (std::chrono::steady_clock::now() < end);
  storm.calm_down();
  require_events(report);
}

void jostle(std::size_t operations, Report& report) {
  constexpr std::size_t enough = 100;
  Crowd crowd{report};
  crowd.jostle(operations, at_once);
  crowd.leave();
  for (const char* figure : {"successes", "refusals"}) require(figure, enough, report);
  for (const char* figure : {"killed", "killed ones that stand"}) require(figure, 1, report);
}

}  // namespace

std::vector<Task> storms(const Setting& setting) {
  const bool is_short = setting.is_short;
  const auto blow = [is_short](Report& report) { is_short ? storm(600, report) : whole_storm(report); };
  const auto come = [is_short](Report& report) { come_and_go(is_short ? 200 : 2000, report); };
  const auto push = [is_short](Report& report) { jostle(is_short ? 1500 : 5000, report); };
  return {{"storm", "three networks, 64 at once", blow},
          {"storm", "two containers that come and go beside GC", come},
          {"storm", "80 containers on a /28, 64 at once, some killed", push}};
}

std::vector<Task> soaks(const Setting& setting) {
  return {{"soak", "three networks, 64 at once", [setting](Report& report) { soak(setting.soak, report); }}};
}

}  // namespace faults
