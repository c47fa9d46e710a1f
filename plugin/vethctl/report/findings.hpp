#pragma once

#include "plugin/vethctl/inspect/finding.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace report {

/// Each finding with its locations and its remedy, then a summary line. `attachments`: how many were checked.
std::string findings(const std::vector<inspect::Finding>& all, std::size_t attachments);

/// An array of the same.
std::string json(const std::vector<inspect::Finding>& all);

}  // namespace report
