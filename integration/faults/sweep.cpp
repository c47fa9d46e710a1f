#include "integration/faults/sweep.hpp"

namespace faults {

Part part_of(std::size_t task, std::size_t step, bool is_sample) {
  constexpr std::size_t stride = 17;  // no divisor of the steps
  return is_sample ? Part{1 + task * stride % step, step} : Part{};
}

/// A sample of a call that is shorter than its step begins earlier.
void sweep(const Part& part, const std::function<bool(std::size_t number)>& strike, Report& report) {
  for (auto number = part.first; strike(number); number += part.step) {
  }
  for (auto number = part.first / 2; report.points == 0 && number > 0; number /= 2) strike(number);
  if (report.points == 0) report.failures.emplace_back("nothing was struck");
}

}  // namespace faults
