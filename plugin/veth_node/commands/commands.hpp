#pragma once

#include "plugin/vethctl/command.hpp"
#include "plugin/vethctl/help.hpp"

#include <vector>

namespace commands {

using vethctl::Arguments;
using vethctl::Command;
using vethctl::Console;

Command run_command();
Command claim_command();
Command release_command();
Command show_command();
Command forget_command();
Command check_command();
Command validate_command();
Command pod_cidrs_command();
Command clean_command();
Command man_command();
Command version_command();

/// The commands of veth-node, in the order of its help.
std::vector<Command> all_commands();

vethctl::CommandProgram node_program();

}  // namespace commands
