#pragma once

#include <nlohmann/json.hpp>

#include <vector>

namespace benchmark {

/// The figures that this project holds itself to, each {"what", "figure", "at most" or "at least", "is met"}; only
/// those whose shapes were measured.
nlohmann::json compare_with_goals(const nlohmann::json& measured);

}  // namespace benchmark
