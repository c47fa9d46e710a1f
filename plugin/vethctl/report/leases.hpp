#pragma once

#include "plugin/vethctl/inspect/leases.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace report {

/// One row for each address; unknown values are "-".
std::string leases(const std::vector<inspect::Lease>& all, std::size_t width);

/// An array of the same; unknown values are left out.
std::string json(const std::vector<inspect::Lease>& all);

}  // namespace report
