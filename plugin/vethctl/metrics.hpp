#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/vethctl/command.hpp"

namespace vethctl {

/// Prints what there is on the node in numbers, or writes it to a file.
int metrics(const Arguments& arguments, const Console& console, kernel::Inspector& inspector);

}  // namespace vethctl
