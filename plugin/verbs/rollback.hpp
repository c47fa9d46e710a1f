#pragma once

#include <functional>
#include <vector>

namespace verbs {

/// Takes back, in reverse, what was done, where a later step fails. An inverse is registered after its step succeeded,
/// and removes only what this call made. Where one fails, what was done before it stays, too: the address of a link
/// that still stands must not be given out, and the record is what a DEL finds it by.
class Rollback {
 public:
  /// Runs the steps. Where they throw a std::exception, runs the inverses that they registered, and throws it on.
  /// kernel::CannotReturn is no std::exception: nothing is taken back in the wrong namespace.
  void protect(const std::function<void()>& steps);

  void on_failure(std::function<void()> inverse) { inverses_.push_back(std::move(inverse)); }

 private:
  void take_back() const;

  std::vector<std::function<void()>> inverses_;
};

}  // namespace verbs
