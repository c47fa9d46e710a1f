#include "plugin/attachment/rollback.hpp"

#include <unistd.h>

#include <exception>
#include <string>

namespace attachment {
namespace {

/// The call fails with the error that began it; that something could not be taken back either is for the runtime's log.
void report(std::string_view plugin, const std::exception& failure) {
  const auto line = std::string{plugin} + ": cannot take back a failed ADD: " + failure.what() + '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void Rollback::protect(const std::function<void()>& steps) {
  try {
    steps();
  } catch (const std::exception&) {
    if (is_armed_) take_back();
    throw;
  }
}

void Rollback::take_back() const {
  try {
    BestEffort effort;
    tear_down({footprint_}, node_, effort, ipam_);
    effort.finish();
  } catch (const std::exception& failure) {
    report(plugin_, failure);
  }
}

}  // namespace attachment
