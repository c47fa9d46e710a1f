#include "plugin/verbs/rollback.hpp"

#include <unistd.h>

#include <exception>
#include <string>

namespace verbs {
namespace {

/// The call fails with the error that began it; that something could not be taken back either is for the runtime's log.
void report(const std::exception& failure) {
  const std::string line = std::string{"veth: taking back a failed ADD: "} + failure.what() + '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void Rollback::protect(const std::function<void()>& steps) {
  try {
    steps();
  } catch (const std::exception&) {
    take_back();
    throw;
  }
}

void Rollback::take_back() const {
  try {
    for (auto inverse = inverses_.rbegin(); inverse != inverses_.rend(); ++inverse) (*inverse)();
  } catch (const std::exception& failure) {
    report(failure);
  }
}

}  // namespace verbs
