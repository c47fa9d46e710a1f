#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace kernel {

/// Waits until the condition is true, and returns false if it is not true after the timeout. Deferred work of the
/// kernel takes microseconds on an idle node, so the condition is tested twice without a pause, and then with
/// increasing pauses.
bool wait_until(const std::function<bool()>& is_true, std::chrono::milliseconds timeout = std::chrono::seconds{5});

/// The same, but throws std::system_error ETIMEDOUT after 5 s, with the message "wait for <what> "<device>"".
void wait_until_ready(const char* what, const std::string& device, const std::function<bool()>& is_true);

}  // namespace kernel
