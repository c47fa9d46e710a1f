#pragma once

#include <string>
#include <string_view>

// Lines of the log (key "log") as table rows. They are printed one by one: columns have fixed widths and a longer value
// moves the columns after it.
namespace report {

/// The column titles, with a newline.
std::string event_heading();

/// One line of the log, with a newline. A line that is not a logged call is printed unchanged after "?".
std::string event_row(std::string_view line, bool is_coloured = false);

/// The line as a value of JSON without a newline: the call, or, if it is not JSON, an object with the text as "line".
std::string event_json(std::string_view line);

/// The container of the call; empty if the line cannot be parsed.
std::string container_of_event(std::string_view line);

/// The time at which the call was answered, for sorting; empty if the line cannot be parsed.
std::string time_of_event(std::string_view line);

}  // namespace report
