#pragma once

#include "plugin/vethctl/inspect/node.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace report {

/// A table with one row for each attachment, fitted to `width` columns if possible. Empty columns are left out.
std::string list(const std::vector<inspect::Attachment>& attachments, std::size_t width);

}  // namespace report
