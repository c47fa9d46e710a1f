#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace faults {

/// The result of one task.
struct Report {
  std::string kind = {};                              ///< "kill"
  std::string subject = {};                           ///< "ADD, ptp"
  std::size_t points = 0;                             ///< injected faults, or calls where a kind counts calls
  std::vector<std::string> failures = {};             ///< each with what is needed to reproduce it
  std::string not_run = {};                           ///< why the task was skipped; empty: it was run
  nlohmann::json figures = nlohmann::json::object();  ///< by name; counts are added, of "... ms" the largest is kept
};

nlohmann::json to_json(const Report& report);
Report report_from_json(const nlohmann::json& object);

/// Merges the reports of the same kind and subject, in the order of their first occurrence.
std::vector<Report> merged(const std::vector<Report>& reports);

/// One line without the texts of failures: "kill: ADD, ptp: 712 points, 0 failures".
std::string to_text(const Report& report);

}  // namespace faults
