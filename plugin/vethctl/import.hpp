#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/vethctl/command.hpp"

namespace vethctl {

/// `import host-local DIR`: each container's leases become a live record and taken addresses of ours, all or none.
/// Returns found_faults where a running container could not be taken over.
int import_leases(const Arguments& arguments, const Console& console, kernel::Inspector& inspector);

}  // namespace vethctl
