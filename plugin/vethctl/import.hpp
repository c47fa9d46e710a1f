#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/vethctl/command.hpp"

namespace vethctl {

/// `import host-local DIR`: writes a live record and leases for each container, all or nothing. Returns found_faults if
/// a running container could not be imported.
int import_leases(const Arguments& arguments, const Console& console, kernel::Inspector& inspector);

}  // namespace vethctl
