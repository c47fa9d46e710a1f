#pragma once

#include "plugin/vethctl/command.hpp"
#include "plugin/vethctl/report/table.hpp"

namespace vethctl {

/// The format of a table by --output, --no-headers and the terminal.
report::TableFormat table_format(const Arguments& arguments, const Console& console);

}  // namespace vethctl
