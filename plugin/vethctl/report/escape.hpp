#pragma once

#include <string>
#include <string_view>

// Names come from outside, paths may hold any bytes: each format says them in its own way.
namespace report {

/// Valid UTF-8 without control characters; what is neither is replaced by U+FFFD. What a terminal may get.
std::string clean(std::string_view text);

/// The same of many lines: their ends stay.
std::string clean_text(std::string_view text);

/// The same as text or attribute of XML.
std::string xml(std::string_view text);

/// The same as a quoted string of DOT, with its quotes. A newline is a line break.
std::string dot_string(std::string_view text);

/// The same as a quoted string of Mermaid, with its quotes. A newline is a line break.
std::string mermaid_string(std::string_view text);

}  // namespace report
