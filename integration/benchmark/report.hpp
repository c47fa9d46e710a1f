#pragma once

#include "integration/benchmark/rounds.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace benchmark {

nlohmann::json to_json(const std::vector<Row>& rows);

/// Markdown tables of the figures. `measured` is the object that is written to the file, by suite.
std::string to_text(const nlohmann::json& measured);

}  // namespace benchmark
