#pragma once

#include <nlohmann/json.hpp>

#include <vector>

namespace benchmark {

/// The goals of this project, each {"what", "figure", "at most" or "at least", "is met"}; only those whose suites were
/// measured.
nlohmann::json compare_with_goals(const nlohmann::json& measured);

}  // namespace benchmark
