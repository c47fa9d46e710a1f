#pragma once

#include "integration/faults/report.hpp"

#include <cstddef>
#include <functional>

namespace faults {

/// The system calls or netlink messages of a call at which a fault is injected: every `step`th from `first` on.
struct Points {
  std::size_t first = 1;
  std::size_t step = 1;
};

/// All points, or for a sample every `step`th, beginning at a different one for each task.
Points points_for(std::size_t task, std::size_t step, bool is_sample);

/// Calls `run_at` for each of the points until it returns false because the call has no such point. Reports a failure
/// if no fault was injected.
void sweep(const Points& points, const std::function<bool(std::size_t number)>& run_at, Report& report);

}  // namespace faults
