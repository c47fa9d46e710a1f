#pragma once

#include <string>
#include <string_view>

// Names and paths come from outside and may contain any bytes. Each output format escapes them in its own way.
namespace report {

/// Valid UTF-8 without control characters, safe for a terminal. Each other byte is replaced by U+FFFD.
std::string clean(std::string_view text);

/// The same for several lines: newlines are kept.
std::string clean_text(std::string_view text);

/// The same, escaped for text or an attribute of XML.
std::string xml(std::string_view text);

/// The same for several lines: newlines are kept.
std::string xml_lines(std::string_view text);

/// The same as a quoted string of DOT, including the quotes. A newline becomes a line break.
std::string dot_string(std::string_view text);

/// The same as a quoted string of Mermaid, including the quotes. A newline becomes a line break.
std::string mermaid_string(std::string_view text);

}  // namespace report
