#pragma once

#include <chrono>

namespace http {

/// The time at which a wait ends.
using Deadline = std::chrono::steady_clock::time_point;

inline Deadline deadline_in(std::chrono::milliseconds timeout) { return Deadline::clock::now() + timeout; }

}  // namespace http
