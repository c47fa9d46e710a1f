#include "plugin/kernel/patience.hpp"

#include "plugin/posix/system_error.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

namespace kernel {

/// What is true already does not even need a clock.
bool comes_true(const std::function<bool()>& is_true) {
  if (is_true()) return true;
  constexpr std::chrono::seconds patience{5};
  const auto deadline = std::chrono::steady_clock::now() + patience;
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

void await(const char* what, const std::string& device, const std::function<bool()>& is_true) {
  if (comes_true(is_true)) return;
  throw posix::system_error(ETIMEDOUT, std::string{"wait for the "} + what + " \"" + device + "\" to get through");
}

}  // namespace kernel
