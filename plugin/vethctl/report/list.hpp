#pragma once

#include "plugin/vethctl/inspect/node.hpp"
#include "plugin/vethctl/report/table.hpp"

#include <string>
#include <vector>

namespace report {

/// A table with one row for each attachment. Empty columns are left out; if the table is wider than the terminal,
/// columns that matter less are left out, and cells are wrapped.
std::string list(const std::vector<inspect::Attachment>& attachments, const TableFormat& format);

}  // namespace report
