#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/vethctl/command.hpp"

namespace vethctl {

/// Removes the only connection with the named ends. Throws cni::Error if there is none or more than one.
int disconnect(const Arguments& arguments, const Console& console, kernel::Inspector& inspector);

}  // namespace vethctl
