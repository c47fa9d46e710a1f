#pragma once

#include "plugin/vethctl/command.hpp"

#include <string>
#include <vector>

namespace vethctl {

/// What `vethctl --help` prints.
std::string help(const std::vector<Command>& commands);

/// What `vethctl COMMAND --help` prints.
std::string help(const Command& command);

}  // namespace vethctl
