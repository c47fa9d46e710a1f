#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/vethctl/command.hpp"

namespace vethctl {

/// Prints metrics of the node for Prometheus, or writes them to a file.
int metrics(const Arguments& arguments, const Console& console, kernel::Inspector& inspector);

}  // namespace vethctl
