#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/vethctl/command.hpp"

namespace vethctl {

/// Gives back what is provably dead (verbs/reclaim.hpp) in one network, or in all, and prints what it was.
int gc(const Arguments& arguments, const Console& console, kernel::Kernel& kernel);

}  // namespace vethctl
