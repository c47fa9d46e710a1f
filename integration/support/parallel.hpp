#pragma once

#include <cstddef>
#include <functional>

namespace support {

/// Calls work(0) to work(count - 1), `at_once` of them at a time, and returns when all have. The first exception of any
/// is thrown then.
void in_parallel(std::size_t count, std::size_t at_once, const std::function<void(std::size_t)>& work);

}  // namespace support
