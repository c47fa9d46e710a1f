#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/kernel/repairer.hpp"
#include "plugin/vethctl/command.hpp"

namespace vethctl {

/// The interfaces to the kernel that the command uses.
struct KernelAccess {
  kernel::Inspector& inspector;
  kernel::Repairer& repairer;
};

/// Restores missing records, removes stale attachments, restores missing parts of the others, and prints each action.
/// Returns found_faults if something could not be restored.
int repair(const Arguments& arguments, const Console& console, const KernelAccess& access);

}  // namespace vethctl
