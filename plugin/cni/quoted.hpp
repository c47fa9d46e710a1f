#pragma once

#include <string>
#include <string_view>

namespace cni {

/// Text from outside as it may stand in a message: control characters, quotes and backslashes escaped, cut after 256
/// bytes.
std::string printable(std::string_view text);

/// The same in double quotes.
std::string quoted(std::string_view text);

}  // namespace cni
