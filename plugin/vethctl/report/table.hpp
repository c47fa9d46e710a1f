#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace report {

/// Aligned columns. If the table is wider than `width`, the widest columns are truncated and end in "…"; the column
/// with the index `truncated_last` is truncated last. The first row is the heading. Each line ends in a newline.
std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t width,
                  std::optional<std::size_t> truncated_last = std::nullopt);

/// The width of the table without truncation.
std::size_t width_of_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace report
