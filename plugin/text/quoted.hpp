#pragma once

#include <string>
#include <string_view>

namespace text {

/// Untrusted text in the form used in messages: control characters are written as \xNN, quotes and backslashes are
/// escaped with a backslash, and text longer than 256 bytes is truncated and ends in "...".
std::string printable(std::string_view text);

/// The same in double quotes.
std::string quoted(std::string_view text);

}  // namespace text
