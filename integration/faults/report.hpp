#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace faults {

/// What one task has found.
struct Report {
  std::string kind = {};                              ///< "kill"
  std::string subject = {};                           ///< "ADD, ptp"
  std::size_t points = 0;                             ///< faults that befell something, or operations that were done
  std::vector<std::string> failures = {};             ///< each with all that is needed to see it again
  std::string not_run = {};                           ///< why nothing was done
  nlohmann::json figures = nlohmann::json::object();  ///< by name: counts are added up, "slowest ms" is the largest
};

nlohmann::json to_json(const Report& report);
Report report_of(const nlohmann::json& told);

/// Those of one kind and subject as one, in the order in which they first come.
std::vector<Report> merged(const std::vector<Report>& reports);

/// One line without the texts of failures: "kill: ADD, ptp: 712 points, 0 failures".
std::string to_text(const Report& report);

}  // namespace faults
