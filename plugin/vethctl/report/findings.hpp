#pragma once

#include "plugin/vethctl/inspect/finding.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace report {

/// Each finding with its places and its remedy, and a line that counts them. `attachments`: how many were looked at.
std::string findings(const std::vector<inspect::Finding>& all, std::size_t attachments);

/// An array of the same.
std::string json(const std::vector<inspect::Finding>& all);

}  // namespace report
