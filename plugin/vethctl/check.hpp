#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/vethctl/command.hpp"

namespace vethctl {

/// Prints the problems of the node. Returns found_faults for a fault or a warning.
int check(const Arguments& arguments, const Console& console, kernel::Inspector& inspector);

}  // namespace vethctl
