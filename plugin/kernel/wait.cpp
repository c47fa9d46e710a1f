#include "plugin/kernel/wait.hpp"

#include "plugin/posix/system_error.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

namespace kernel {

/// If the condition is true at once, the clock is not read.
bool wait_until(const std::function<bool()>& is_true, std::chrono::milliseconds timeout) {
  if (is_true()) return true;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  constexpr std::chrono::microseconds shortest{20};
  constexpr std::chrono::microseconds longest{5000};
  std::chrono::microseconds pause{0};
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(pause);
    pause = std::clamp(pause * 2, shortest, longest);
  }
  return true;
}

void wait_until_ready(const char* what, const std::string& device, const std::function<bool()>& is_true) {
  if (wait_until(is_true)) return;
  throw posix::system_error(ETIMEDOUT, std::string{"wait for "} + what + " \"" + device + '"');
}

}  // namespace kernel
