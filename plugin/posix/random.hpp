#pragma once

#include <cstdint>

namespace posix {

/// Any number but 0. Throws std::system_error.
std::uint64_t random_number();

}  // namespace posix
