#include "plugin/cni/stopwatch.hpp"

#include <algorithm>
#include <utility>

namespace cni {

void Stopwatch::start() { last_ = Clock::now(); }

void Stopwatch::lap(std::string_view step) {
  if (!last_) return;
  const auto now = Clock::now();
  const auto duration = now - std::exchange(*last_, now);
  const auto known = std::ranges::find(steps_, step, &Step::name);
  if (known == steps_.end()) {
    steps_.push_back({step, duration});
  } else {
    known->duration += duration;
  }
}

Stopwatch::Clock::duration Stopwatch::total() const {
  Clock::duration total{};
  for (const auto& step : steps_) total += step.duration;
  return total;
}

void lap(Stopwatch* stopwatch, std::string_view step) {
  if (stopwatch != nullptr) stopwatch->lap(step);
}

}  // namespace cni
