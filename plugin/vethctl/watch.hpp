#pragma once

#include "plugin/vethctl/command.hpp"

#include <chrono>
#include <functional>

namespace vethctl {

/// The option --watch.
Option watch_option();

/// The pause of --watch; `default_pause` if it has no value. Throws UsageError for less than 0.1 and more than a day.
std::chrono::milliseconds watch_pause(const Arguments& arguments, std::chrono::milliseconds default_pause);

/// Runs the command once or, with --watch, until `wait` returns false. A terminal is cleared before each output.
/// Returns the last exit status.
int watched(const Arguments& arguments, const Console& console, const std::function<int(const Console&)>& round,
            const std::function<bool(std::chrono::milliseconds)>& wait);

/// Sleeps. Returns true.
bool sleep(std::chrono::milliseconds pause);

}  // namespace vethctl
