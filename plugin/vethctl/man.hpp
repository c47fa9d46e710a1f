#pragma once

#include "plugin/vethctl/command.hpp"

#include <string>
#include <vector>

namespace vethctl {

/// The parts of a manual page that follow from the commands: a list with the purpose of each, and a section for each.
std::string command_list(const std::vector<Command>& commands);
std::string command_sections(const std::vector<Command>& commands, const std::string& program);

/// The manual page vethctl(8) in the format of man(7).
std::string manual_page(const std::vector<Command>& commands);

}  // namespace vethctl
