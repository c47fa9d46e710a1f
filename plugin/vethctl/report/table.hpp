#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace report {

/// Rows in columns that are as wide as they have to be; where that is wider than `width`, the widest columns are cut
/// and end in "…", the one with the number `spared` last of all. The first row is the heading. Each line ends in a
/// newline.
std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t width,
                  std::optional<std::size_t> spared = std::nullopt);

/// How wide it would be if nothing were cut.
std::size_t width_of_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace report
