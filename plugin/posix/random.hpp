#pragma once

#include <cstdint>

namespace posix {

/// A random number other than 0. Throws std::system_error.
std::uint64_t random_number();

}  // namespace posix
