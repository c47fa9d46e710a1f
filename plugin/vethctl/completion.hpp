#pragma once

#include "plugin/vethctl/command.hpp"

#include <string>
#include <vector>

namespace vethctl {

/// The output of `vethctl completion bash`: a script for bash(1), generated from the table of commands. Values without
/// a list of choices are completed as file names.
std::string bash_completion(const std::vector<Command>& commands);

}  // namespace vethctl
