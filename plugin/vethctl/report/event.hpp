#pragma once

#include <string>
#include <string_view>

// Lines of the log (key "log") for people, one row each as they come: columns are as wide as names usually are, and
// move where one is longer.
namespace report {

/// The names of the columns, with a newline.
std::string event_heading();

/// One line of the log, with a newline. One that is no call of ours stands as it is behind "?".
std::string event_row(std::string_view line);

/// When the call was answered, for sorting; empty where it cannot be read.
std::string time_of_event(std::string_view line);

}  // namespace report
