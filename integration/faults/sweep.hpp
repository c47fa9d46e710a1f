#pragma once

#include "integration/faults/report.hpp"

#include <cstddef>
#include <functional>

namespace faults {

/// Some of all points: every `step`th from `first` on.
struct Part {
  std::size_t first = 1;
  std::size_t step = 1;
};

/// All of them, or for a sample every `step`th, from another one on in each task.
Part part_of(std::size_t task, std::size_t step, bool is_sample);

/// Strikes at the points of the part, until `strike` says by false that the call has no more of them. Where it has none
/// at all, that is a failure.
void sweep(const Part& part, const std::function<bool(std::size_t number)>& strike, Report& report);

}  // namespace faults
