#pragma once

#include "plugin/wiring/difference.hpp"

#include <vector>

namespace inspect {

/// A difference with the differences that follow from it.
struct Cause {
  wiring::Difference root;
  std::vector<wiring::Difference> consequences{};

  bool operator==(const Cause&) const = default;
};

/// The differences of one attachment under their causes, in the order of the causes. Each difference occurs once.
std::vector<Cause> group_by_cause(const std::vector<wiring::Difference>& differences);

}  // namespace inspect
