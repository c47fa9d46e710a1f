#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/kernel/repairer.hpp"
#include "plugin/vethctl/command.hpp"

namespace vethctl {

/// Writes records anew that were lost, drops what is dead, brings back what the records know, and tells of each.
/// The parts of the kernel that the command needs.
struct RepairTools {
  kernel::Inspector& inspector;
  kernel::Repairer& repairer;
};

/// Returns found_faults where something is left that it could not mend.
int repair(const Arguments& arguments, const Console& console, const RepairTools& tools);

}  // namespace vethctl
