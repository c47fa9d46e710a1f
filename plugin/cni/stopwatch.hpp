#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace cni {

/// Measures the steps of a call. Until start() it neither reads the clock nor stores anything.
class Stopwatch {
 public:
  using Clock = std::chrono::steady_clock;

  struct Step {
    std::string_view name;  ///< a string literal
    Clock::duration duration{};

    bool operator==(const Step&) const = default;
  };

  void start();
  bool is_running() const { return last_.has_value(); }

  /// Adds the time since the start or the last lap to the step.
  void lap(std::string_view step);

  /// In the order of their first laps.
  const std::vector<Step>& steps() const { return steps_; }
  /// From the start to the last lap.
  Clock::duration total() const;

 private:
  std::optional<Clock::time_point> last_;
  std::vector<Step> steps_;
};

/// stopwatch->lap(step), if stopwatch is not null.
void lap(Stopwatch* stopwatch, std::string_view step);

}  // namespace cni
