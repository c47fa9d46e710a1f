#pragma once

#include "plugin/vethctl/command.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace vethctl {

/// What `vethctl --help` prints.
std::string help(const std::vector<Command>& commands);

/// What `vethctl COMMAND --help` prints, its paragraphs in lines of at most `width` columns.
std::string help(const Command& command, std::size_t width);

}  // namespace vethctl
