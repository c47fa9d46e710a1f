#pragma once

#include <string>
#include <string_view>

namespace text {

/// Text from outside as a message shows it: control characters as \xNN, quotes and backslashes after a backslash, cut
/// after 256 bytes with "..." behind it.
std::string printable(std::string_view text);

/// The same in double quotes.
std::string quoted(std::string_view text);

}  // namespace text
