#pragma once

#include "plugin/vethctl/command.hpp"

#include <functional>
#include <string>

namespace vethctl {

/// Runs STATUS of an executable with an input. Throws what it says where it is not ready.
using Status = std::function<void(const std::string& executable, const std::string& input)>;

/// Copies the executables and writes the configuration, which comes last, and only where the copied plugin says that it
/// could serve it. Throws Error system_refused, before anything is changed, where somebody else's file is in the way.
int install(const Arguments& arguments, const Console& console, const Status& status);

/// Takes back what install has put there, the configuration first. Throws Error already_attached where containers are
/// attached. Returns found_faults where a file was left because it was changed since.
int uninstall(const Arguments& arguments, const Console& console);

}  // namespace vethctl
