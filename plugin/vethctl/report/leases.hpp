#pragma once

#include "plugin/vethctl/inspect/blocks.hpp"
#include "plugin/vethctl/inspect/leases.hpp"
#include "plugin/vethctl/report/table.hpp"

#include <string>
#include <vector>

namespace report {

/// One row for each address; unknown values are "-". The column of the blocks is left out if no address is of one.
std::string leases(const std::vector<inspect::Lease>& all, const TableFormat& format);

/// An array of the same; unknown values are left out.
std::string json(const std::vector<inspect::Lease>& all);

/// One row for each block.
std::string block_uses(const std::vector<inspect::BlockUse>& uses, const TableFormat& format);

}  // namespace report
