#include "integration/support/parallel.hpp"

#include <atomic>
#include <future>
#include <vector>

namespace support {

void in_parallel(std::size_t count, std::size_t at_once, const std::function<void(std::size_t)>& work) {
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
