#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace report {

/// Rows in columns that are as wide as they have to be; where that is wider than `width`, the widest columns are cut
/// and end in "…". The first row is the heading. Each line ends in a newline.
std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t width);

}  // namespace report
