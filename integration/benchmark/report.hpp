#pragma once

#include "integration/benchmark/rounds.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace benchmark {

nlohmann::json to_json(const std::vector<Row>& rows);

/// What was measured, as tables in Markdown: `measured` is the object that is written to the file, by shape.
std::string to_text(const nlohmann::json& measured);

}  // namespace benchmark
