#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace cni {

/// Where the time of a call goes. Until it is started it asks nothing of the clock and keeps nothing.
class Stopwatch {
 public:
  using Clock = std::chrono::steady_clock;

  struct Step {
    std::string_view name;  ///< a literal
    Clock::duration duration{};

    bool operator==(const Step&) const = default;
  };

  void start();
  bool is_running() const { return last_.has_value(); }

  /// What has passed since the start, or since the last lap, belongs to the step. A step that is done again adds up.
  void lap(std::string_view step);

  /// In the order of their first laps.
  const std::vector<Step>& steps() const { return steps_; }
  /// From the start to the last lap.
  Clock::duration total() const;

 private:
  std::optional<Clock::time_point> last_;
  std::vector<Step> steps_;
};

/// The same where there may be none.
void lap(Stopwatch* stopwatch, std::string_view step);

}  // namespace cni
