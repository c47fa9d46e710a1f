#pragma once

#include <string_view>

namespace cni {

/// Whether two keys are the same without regard to the case of ASCII letters.
bool is_same_key(std::string_view left, std::string_view right);

/// Whether one key may be a slip of the pen for the other: without regard to case at most 2 characters are inserted,
/// left out, replaced or swapped with their neighbour, 1 where a key has at most 3 characters.
bool is_near_miss(std::string_view left, std::string_view right);

}  // namespace cni
