#pragma once

#include <cstddef>
#include <functional>

namespace support {

/// Calls work(0) to work(count - 1), `at_once` at a time, and waits for all of them. Then throws the first exception,
/// if any. On a slow machine, four at a time: a call of the plugin waits for others for 10 s at most.
void in_parallel(std::size_t count, std::size_t at_once, const std::function<void(std::size_t)>& work);

}  // namespace support
