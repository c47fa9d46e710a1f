#pragma once

#include "plugin/vethctl/command.hpp"

#include <vector>

// The commands. Each is defined in the file of its name.
namespace vethctl {

Command add_command();
Command check_command();
Command clean_command();
Command completion_command();
Command connect_command();
Command del_command();
Command disconnect_command();
Command events_command();
Command gc_command();
Command graph_command();
Command import_command();
Command install_command();
Command leases_command();
Command list_command();
Command man_command();
Command metrics_command();
Command status_command();
Command probe_command();
Command repair_command();
Command show_command();
Command uninstall_command();
Command validate_command();
Command version_command();

/// All commands in the order of vethctl --help.
std::vector<Command> commands();

}  // namespace vethctl
