#pragma once

#include "plugin/vethctl/command.hpp"

#include <string>
#include <vector>

namespace vethctl {

/// The manual page vethctl(8) in the format of man(7).
std::string manual_page(const std::vector<Command>& commands);

}  // namespace vethctl
