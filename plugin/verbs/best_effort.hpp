#pragma once

#include "plugin/cni/error.hpp"

#include <functional>
#include <vector>

namespace verbs {

/// Runs every step of a teardown, whatever becomes of the others, and tells at the end what failed.
class BestEffort {
 public:
  /// False where the step failed.
  bool attempt(const std::function<void()>& step);

  /// Throws what failed: one failure as it was thrown, several in one cni::Error with the code of the first.
  void finish() const;

 private:
  std::vector<cni::Error> failures_;
};

}  // namespace verbs
