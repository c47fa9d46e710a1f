#pragma once

#include "plugin/cni/error.hpp"

#include <functional>
#include <system_error>
#include <vector>

namespace attachment {

/// Runs each step of a teardown even if others fail, and reports all failures at the end.
class BestEffort {
 public:
  /// Runs the step; false if it throws cni::Error or std::system_error.
  bool attempt(const std::function<void()>& step);

  /// Adds a failure that was not thrown by a step.
  void add(const std::system_error& failure);

  /// Throws the failures: a single one unchanged, several as one cni::Error with the code of the first.
  void finish() const;

 private:
  std::vector<cni::Error> failures_;
};

}  // namespace attachment
