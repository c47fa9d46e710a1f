#pragma once

#include "plugin/vethctl/command.hpp"

#include <string>
#include <vector>

namespace vethctl {

/// The manual page vethctl(1) in man(7)'s macros.
std::string manual_page(const std::vector<Command>& commands);

}  // namespace vethctl
