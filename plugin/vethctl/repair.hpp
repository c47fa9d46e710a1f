#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/vethctl/command.hpp"

namespace vethctl {

/// Writes records anew that were lost, drops what is dead, brings back what the records know, and tells of each.
/// Returns found_faults where something is left that it could not mend.
int repair(const Arguments& arguments, const Console& console, kernel::Kernel& kernel);

}  // namespace vethctl
