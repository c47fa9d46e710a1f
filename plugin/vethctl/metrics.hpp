#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/vethctl/command.hpp"

namespace vethctl {

/// Prints what there is on the node in numbers, or writes it to a file.
int metrics(const Arguments& arguments, const Console& console, kernel::Kernel& kernel);

}  // namespace vethctl
