#include "integration/support/parallel.hpp"

#include "integration/support/slowness.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <vector>

namespace support {

constexpr std::size_t at_once_if_slow = 4;

void in_parallel(std::size_t count, std::size_t at_once, const std::function<void(std::size_t)>& work) {
  if (slowness() > 1) at_once = std::min(at_once, at_once_if_slow);
  std::atomic<std::size_t> next{0};
  std::vector<std::future<void>> workers;
  for (std::size_t worker = 0; worker < at_once; ++worker) {
    workers.push_back(std::async(std::launch::async, [&] {
      for (std::size_t number = next++; number < count; number = next++) work(number);
    }));
  }
  for (auto& worker : workers) worker.wait();
  for (auto& worker : workers) worker.get();
}

}  // namespace support
