#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cni {

/// The trace that a call is part of: W3C Trace Context, as OpenTelemetry hands it on by the variable TRACEPARENT.
struct TraceContext {
  std::string trace_id;   ///< 32 hexadecimal digits
  std::string parent_id;  ///< 16: the span of who calls

  bool operator==(const TraceContext&) const = default;
};

/// "00-<trace id>-<parent id>-<flags>", and what later versions put behind it; nullopt for anything else, and for IDs
/// that are all zeros.
std::optional<TraceContext> find_trace_context(std::string_view text);

}  // namespace cni
