#pragma once

#include "plugin/vethctl/probe/explain_loss.hpp"
#include "plugin/vethctl/probe/places.hpp"
#include "plugin/vethctl/probe/result.hpp"

#include <chrono>
#include <vector>

namespace probe {

struct Options {
  unsigned count = 1;                      ///< packets of each test
  std::chrono::milliseconds timeout{700};  ///< for an answer
};

/// Runs the tests of the plan, all at the same time, and explains the losses. One result per test, in their order.
/// Throws std::system_error if packets cannot be sent at all.
std::vector<Result> run_tests(const Tools& tools, const Plan& plan, const Places& places, const Options& options);

}  // namespace probe
