#pragma once

#include "plugin/vethctl/inspect/finding.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace report {

/// What is printed besides the findings.
struct FindingsContext {
  std::size_t count = 0;                    ///< of what was checked
  std::string noun = "attachment";          ///< of what was checked, in the singular
  std::vector<std::string> not_examined{};  ///< for the last line; empty: no such line
  bool shows_all = false;                   ///< print each consequence and each location
};

/// Each finding with its locations and its remedy, then a summary line.
std::string findings(const std::vector<inspect::Finding>& all, const FindingsContext& context);

/// An array of the same, each with an array of its consequences.
std::string json(const std::vector<inspect::Finding>& all);

/// Reads what json() returns. Throws cni::Error for other texts.
std::vector<inspect::Finding> read_findings(std::string_view json);

}  // namespace report
