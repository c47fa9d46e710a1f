#pragma once

#include <nlohmann/json.hpp>

namespace benchmark {

/// The goals of this project, each {"what", "figure", "noise", "at most", "is met"}; only those whose suites were
/// measured. A goal is missed if the figure exceeds it by more than the noise.
nlohmann::json compare_with_goals(const nlohmann::json& measured);

/// Whether all of the compared goals are met.
bool are_met(const nlohmann::json& compared);

}  // namespace benchmark
