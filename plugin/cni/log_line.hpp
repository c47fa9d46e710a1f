#pragma once

#include "plugin/cni/error.hpp"
#include "plugin/cni/log_config.hpp"
#include "plugin/cni/stopwatch.hpp"
#include "plugin/cni/trace_context.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni {

/// A finished call.
struct LoggedCall {
  std::chrono::system_clock::time_point answered_at{};
  std::string_view plugin;  ///< type
  std::string verb{};
  std::string network{};
  std::string container{};  ///< this and the next two are empty for verbs without them
  std::string interface {};
  std::string netns{};
  std::vector<std::string> addresses{};     ///< of the printed result, with prefix lengths
  std::vector<std::string> ignored_keys{};  ///< JSON pointers of unknown members of the configuration
  std::optional<Error> error{};
  Stopwatch::Clock::duration duration{};
  std::vector<Stopwatch::Step> steps{};
  std::optional<TraceContext> trace{};
  std::uint64_t span_id = 0;  ///< of this call in the trace
};

/// The log line of a call: one JSON object and a newline. veth-cni(5), section LOG, describes the members. The
/// durations of the steps are included at level debug.
std::string log_line(const LoggedCall& call, LogLevel level);

/// The time of a line: RFC 3339 in UTC, with microseconds.
std::string log_time(std::chrono::system_clock::time_point time);

/// The addresses of a printed result; empty if the text is not a result.
std::vector<std::string> addresses_of_result(std::string_view text);

}  // namespace cni
