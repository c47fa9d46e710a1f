#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cni {

/// The trace to which a call belongs: W3C Trace Context (https://www.w3.org/TR/trace-context/), in the variable
/// TRACEPARENT as defined by OpenTelemetry.
struct TraceContext {
  std::string trace_id;   ///< 32 hexadecimal digits
  std::string parent_id;  ///< 16 hexadecimal digits: the span of the caller

  bool operator==(const TraceContext&) const = default;
};

/// Parses "00-<trace id>-<parent id>-<flags>" and later versions, which may append to it. nullopt for any other text
/// and for IDs that are all zeros.
std::optional<TraceContext> find_trace_context(std::string_view text);

}  // namespace cni
