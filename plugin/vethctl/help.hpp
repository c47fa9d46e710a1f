#pragma once

#include "plugin/vethctl/command.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace vethctl {

/// The output of `vethctl --help`.
std::string help(const std::vector<Command>& commands);

/// The output of `vethctl COMMAND --help`: purpose, usage, description, options and examples, in lines of at most
/// `width` columns where possible.
std::string help(const Command& command, std::size_t width);

}  // namespace vethctl
