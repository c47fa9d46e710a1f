#pragma once

#include <functional>
#include <optional>
#include <string>

namespace vethctl {

/// The value of an environment variable; nullopt if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Whether the locale encodes characters as UTF-8 (locale(7): the first non-empty one of LC_ALL, LC_CTYPE and LANG).
bool is_utf8(const Environment& environment);

/// Whether output is coloured. `when` is the value of --color; "auto": on a terminal, unless NO_COLOR is set and not
/// empty (https://no-color.org) or the terminal is "dumb".
bool uses_colour(const std::string& when, bool is_terminal, const Environment& environment);

}  // namespace vethctl
