#include "integration/faults/crowded_range.hpp"
#include "integration/faults/kinds.hpp"
#include "integration/faults/storm.hpp"

#include <chrono>
#include <string>

namespace faults {
namespace {

constexpr std::size_t at_once = 64;
constexpr std::size_t containers = 40;

void require(const std::string& figure, std::size_t least, Report& report) {
  if (report.figures.value(figure, std::size_t{0}) < least)
    report.failures.push_back("\"" + figure + "\" must be at least " + std::to_string(least));
}

/// Without these events the storm has tested nothing.
void require_events(Report& report) {
  for (const char* event : {"CHECK right after ADD", "orphans", "crashed containers", "GC", "STATUS", "DEL"})
    require(event, 1, report);
}

void storm(std::size_t operations, Report& report) {
  Storm storm{containers, report};
  storm.run(operations, at_once);
  storm.finish();
  require_events(report);
}

/// The limits for CHECK and p99 need the number of calls of a full run.
void full_storm(Report& report) {
  constexpr double max_ratio = 10;
  constexpr std::size_t checks = 1000;
  storm(10'000, report);
  require("CHECK right after ADD", checks, report);
  for (const std::string verb : {"ADD", "CHECK", "DEL"}) {
    const auto median = report.figures.at(verb + " p50 ms").get<double>();
    const auto slowest = report.figures.at(verb + " p99 ms").get<double>();
    if (slowest > max_ratio * median)
      report.failures.push_back(verb + ": the slowest of 100 takes more than 10 x the median");
  }
}

/// GC of another network deletes unused nftables tables: between two ADDs, or in the middle of one.
void small_storm(std::size_t operations, Report& report) {
  constexpr std::size_t few = 2;
  constexpr std::size_t few_at_once = 5;
  Storm storm{few, report};
  storm.run(operations, few_at_once);
  storm.finish();
  require_events(report);
}

void soak(std::chrono::minutes duration, Report& report) {
  const auto end = std::chrono::steady_clock::now() + duration;
  Storm storm{containers, report};
  do storm.run(1000, at_once);
  while (std::chrono::steady_clock::now() < end);
  storm.finish();
  require_events(report);
}

void crowded_range(std::size_t operations, Report& report) {
  constexpr std::size_t enough = 100;
  CrowdedRange range{report};
  range.run(operations, at_once);
  range.finish();
  for (const char* figure : {"successes", "refusals"}) require(figure, enough, report);
  for (const char* figure : {"killed", "killed but attached"}) require(figure, 1, report);
}

}  // namespace

std::vector<Task> storms(const Options& options) {
  const bool is_short = options.is_short;
  const auto full = [is_short](Report& report) { is_short ? storm(600, report) : full_storm(report); };
  const auto few = [is_short](Report& report) { small_storm(is_short ? 200 : 2000, report); };
  const auto crowded = [is_short](Report& report) { crowded_range(is_short ? 1500 : 5000, report); };
  return {{"storm", "three networks, 64 at once", full},
          {"storm", "two containers, added and deleted during GC", few},
          {"storm", "80 containers on a /28, 64 at once, some killed", crowded}};
}

std::vector<Task> soaks(const Options& options) {
  return {{"soak", "three networks, 64 at once", [options](Report& report) { soak(options.soak, report); }}};
}

}  // namespace faults
