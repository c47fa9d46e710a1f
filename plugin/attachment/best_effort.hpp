#pragma once

#include "plugin/cni/error.hpp"

#include <functional>
#include <system_error>
#include <vector>

namespace attachment {

/// Runs every step of a teardown, whatever becomes of the others, and reports at the end what failed.
class BestEffort {
 public:
  /// False where the step failed.
  bool attempt(const std::function<void()>& step);

  /// A failure that was found otherwise.
  void add(const std::system_error& failure);

  /// Throws what failed: one failure as it was thrown, several in one cni::Error with the code of the first.
  void finish() const;

 private:
  std::vector<cni::Error> failures_;
};

}  // namespace attachment
