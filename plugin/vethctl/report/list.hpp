#pragma once

#include "plugin/vethctl/inspect/node.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace report {

/// One line for each attachment under a heading, at most `width` columns wide where that can be. A column in which
/// nothing would stand is left out.
std::string list(const std::vector<inspect::Attachment>& attachments, std::size_t width);

}  // namespace report
