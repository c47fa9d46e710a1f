#pragma once

#include "plugin/vethctl/command.hpp"

#include <string>
#include <vector>

namespace vethctl {

/// What `vethctl completion bash` prints: a script for bash(1), made from the table of the commands alone. Values that
/// no table lists are completed as the names of files.
std::string bash_completion(const std::vector<Command>& commands);

}  // namespace vethctl
