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

/// A call that has been answered.
struct LoggedCall {
  std::chrono::system_clock::time_point answered_at{};
  std::string_view plugin;  ///< type
  std::string verb{};
  std::string network{};
  std::string container{};  ///< these three are empty where the verb has none
  std::string interface {};
  std::string netns{};
  std::vector<std::string> addresses{};     ///< of the result that was printed, with prefix lengths
  std::vector<std::string> ignored_keys{};  ///< JSON pointers of members of the configuration that nobody knows
  std::optional<Error> error{};
  Stopwatch::Clock::duration duration{};
  std::vector<Stopwatch::Step> steps{};
  std::optional<TraceContext> trace{};
  std::uint64_t span_id = 0;  ///< of the call itself, in the trace
};

/// The line that is written for a call, with its newline: one JSON object. veth-cni(5), LOG, lists the members. Only
/// level debug has the steps.
std::string log_line(const LoggedCall& call, LogLevel level);

/// The addresses of a printed result; none where the text is no result.
std::vector<std::string> addresses_of_result(std::string_view text);

}  // namespace cni
