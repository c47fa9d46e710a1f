#pragma once

#include <functional>
#include <vector>

namespace verbs {

/// Takes back, in reverse, what was done, unless success dismisses it. An inverse is registered after its step
/// succeeded, and removes only what this call made. Where one fails, what was done before it stays, too: the address of
/// a link that still stands must not be given out, and the record is what a DEL finds it by.
class Rollback {
 public:
  Rollback() = default;
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;
  ~Rollback();

  void on_failure(std::function<void()> inverse) { inverses_.push_back(std::move(inverse)); }
  void dismiss() { inverses_.clear(); }

 private:
  std::vector<std::function<void()>> inverses_;
};

}  // namespace verbs
