#pragma once

#include "plugin/vethctl/command.hpp"

#include <string>
#include <vector>

namespace vethctl {

/// An option with its help, in the format of man(7).
std::string option_entry(const Option& option);

/// The parts of a manual page that follow from the commands: a list with the purpose of each, and a section for each.
std::string command_list(const std::vector<Command>& commands);
std::string command_sections(const std::vector<Command>& commands, const std::string& program);

}  // namespace vethctl
