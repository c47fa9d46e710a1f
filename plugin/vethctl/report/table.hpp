#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace report {

/// Aligned columns. If the table is wider than `width`, the cells of the widest columns are wrapped; the column with
/// the index `wrapped_last` is wrapped last. Cells may be styled. Each line ends in a newline.
std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t width,
                  std::optional<std::size_t> wrapped_last = std::nullopt);

/// The same as one text for each row; a row with wrapped cells has several lines.
std::vector<std::string> table_rows(const std::vector<std::vector<std::string>>& rows, std::size_t width,
                                    std::optional<std::size_t> wrapped_last = std::nullopt);

/// How a table is printed.
struct TableFormat {
  std::size_t width = 80;    ///< columns of the terminal
  bool is_wide = false;      ///< all columns and complete values, also beyond the width
  bool has_headings = true;  ///< column titles
  bool is_coloured = false;  ///< with the marks of styled()
};

/// A table whose first row contains the column titles. If the titles do not fit the width, each row is printed as
/// lines of a title and a cell.
std::string formatted_table(std::vector<std::vector<std::string>> rows, const TableFormat& format,
                            std::optional<std::size_t> wrapped_last = std::nullopt);

/// The lines of a text that is wrapped after a space, or after a character that separates parts of a name.
std::vector<std::string> wrapped_lines(std::string_view text, std::size_t width);

/// The width of the table without wrapping.
std::size_t width_of_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace report
