#pragma once

#include <string_view>

namespace cni {

/// Whether two keys are equal, ignoring the case of ASCII letters.
bool is_same_key(std::string_view left, std::string_view right);

/// Whether one key may be a misspelling of the other: ignoring case, one character is inserted, omitted, replaced or
/// swapped with its neighbour. If both keys have at least 6 characters, two such errors are accepted.
bool is_misspelling(std::string_view left, std::string_view right);

}  // namespace cni
