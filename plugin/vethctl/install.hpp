#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/vethctl/command.hpp"

#include <functional>
#include <string>

namespace vethctl {

/// Runs STATUS of an executable with a configuration as input. Throws its error if it is not ready.
using StatusCheck = std::function<void(const std::string& executable, const std::string& input)>;

/// Copies the executables, and writes the configuration last and only if STATUS of the installed plugin succeeds.
/// Throws Error system_refused if a file of another package would be replaced; nothing is changed then.
int install(const Arguments& arguments, const Console& console, const StatusCheck& check_status);

/// Removes the files of install, first the configuration, and what the plugin has left on the node: the tables of
/// nftables and the state folders, unless another installation stays. Throws Error already_attached if containers are
/// attached. Returns found_faults if a file was not removed because it was changed.
int uninstall(const Arguments& arguments, const Console& console, kernel::Kernel& kernel);

}  // namespace vethctl
