#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/vethctl/command.hpp"

namespace vethctl {

/// `leases list [NETWORK]` and `leases release NETWORK ADDRESS`. Throws UsageError for a wrong number of
/// operands, cni::Error for an address that is not leased or still in use.
int leases(const Arguments& arguments, const Console& console, kernel::Inspector& inspector);

}  // namespace vethctl
