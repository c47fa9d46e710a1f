#pragma once

#include "plugin/vethctl/command.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace vethctl {

/// A program with commands.
struct CommandProgram {
  std::string name;
  std::string summary;  ///< what it does, in one line
};

/// vethctl itself.
CommandProgram this_program();

/// The output of `vethctl --help`.
std::string help(const std::vector<Command>& commands, const CommandProgram& program = this_program());

/// The output of `vethctl COMMAND --help`: purpose, usage, description, options and examples, in lines of at most
/// `width` columns where possible.
std::string help(const Command& command, std::size_t width, const CommandProgram& program = this_program());

}  // namespace vethctl
