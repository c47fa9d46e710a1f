#pragma once

#include <chrono>
#include <thread>
#include <utility>

namespace support {

/// Calls `take` with this pause until two results in a row are equal, and returns them. The kernel adds some routes
/// some time after their addresses.
auto settled(const auto& take, std::chrono::milliseconds pause) {
  auto last = take();
  while (true) {
    std::this_thread::sleep_for(pause);
    auto next = take();
    if (next == last) return next;
    last = std::move(next);
  }
}

}  // namespace support
