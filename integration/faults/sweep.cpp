#include "integration/faults/sweep.hpp"

namespace faults {

Points points_for(std::size_t task, std::size_t step, bool is_sample) {
  constexpr std::size_t stride = 17;  // not a divisor of a step
  return is_sample ? Points{1 + task * stride % step, step} : Points{};
}

/// If a sample begins after the last point of a short call, earlier points are tried.
void sweep(const Points& points, const std::function<bool(std::size_t number)>& run_at, Report& report) {
  for (auto number = points.first; run_at(number); number += points.step) {
  }
  for (auto number = points.first / 2; report.points == 0 && number > 0; number /= 2) run_at(number);
  if (report.points == 0) report.failures.emplace_back("no fault was injected");
}

}  // namespace faults
