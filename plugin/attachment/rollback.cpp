#include "plugin/attachment/rollback.hpp"

#include <unistd.h>

#include <exception>
#include <string>

namespace attachment {
namespace {

/// The call fails with the original error; a failure of the rollback goes to the log of the runtime.
void report(std::string_view plugin, const std::exception& failure) {
  const auto line = std::string{plugin} + ": cannot roll back the failed ADD: " + failure.what() + '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void Rollback::protect(const std::function<void()>& steps) {
  try {
    steps();
  } catch (const std::exception&) {
    if (is_armed_) roll_back();
    throw;
  }
}

void Rollback::roll_back() const {
  try {
    tear_down_or_throw({footprint_}, node_, ipam_);
  } catch (const std::exception& failure) {
    report(plugin_, failure);
  }
}

}  // namespace attachment
