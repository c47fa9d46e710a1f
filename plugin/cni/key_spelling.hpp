#pragma once

#include <string_view>

namespace cni {

/// Whether two keys are the same without regard to the case of ASCII letters.
bool is_same_key(std::string_view left, std::string_view right);

/// Whether one key may be a misspelling of the other: without regard to case one character is inserted, left out,
/// replaced or swapped with its neighbour, or two where both keys have at least 6 characters.
bool is_near_miss(std::string_view left, std::string_view right);

}  // namespace cni
