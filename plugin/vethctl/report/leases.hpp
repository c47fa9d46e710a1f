#pragma once

#include "plugin/vethctl/inspect/leases.hpp"
#include "plugin/vethctl/report/table.hpp"

#include <string>
#include <vector>

namespace report {

/// One row for each address; unknown values are "-".
std::string leases(const std::vector<inspect::Lease>& all, const TableFormat& format);

/// An array of the same; unknown values are left out.
std::string json(const std::vector<inspect::Lease>& all);

}  // namespace report
