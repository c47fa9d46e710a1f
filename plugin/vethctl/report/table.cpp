#include "plugin/vethctl/report/table.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/report/style.hpp"

#include <algorithm>
#include <numeric>

namespace report {
namespace {

constexpr std::size_t column_spaces = 2;
constexpr std::size_t min_width = 4;

using Widths = std::vector<std::size_t>;

Widths natural_widths(const std::vector<std::vector<std::string>>& rows) {
  Widths widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(parse_styled(row[i]).text));
  }
  return widths;
}

std::size_t total(const Widths& widths) {
  return widths.empty() ? 0 : std::accumulate(widths.begin(), widths.end(), column_spaces * (widths.size() - 1));
}

/// Narrows the widest column by one character until the table fits; column `wrapped_last` only if nothing else is
/// left.
void fit(Widths& widths, std::size_t width, std::optional<std::size_t> wrapped_last) {
  for (auto excess = total(widths); excess > width; --excess) {
    auto widest = std::ranges::max_element(widths, {}, [&](const std::size_t& candidate) {
      return wrapped_last && &candidate == &widths[*wrapped_last] ? 0 : candidate;
    });
    if (*widest <= min_width) return wrapped_last ? fit(widths, width, std::nullopt) : void();
    --*widest;
  }
}

/// The number of bytes of the first `width` characters.
std::size_t bytes_of(std::string_view text, std::size_t width) {
  std::size_t characters = 0;
  for (std::size_t end = 0; end < text.size(); ++end) {
    if (begins_character(text[end]) && characters++ == width) return end;
  }
  return text.size();
}

/// Where a text that is longer than `width` is wrapped: after its last space or separator that fits, or at the width.
std::size_t line_end(std::string_view text, std::size_t width) {
  const auto limit = bytes_of(text, width);
  if (text[limit] == ' ') return limit;
  if (const auto space = text.substr(0, limit).rfind(' '); space != std::string_view::npos && space > 0) return space;
  const auto separator = text.substr(0, limit).find_last_of("/:,-.");
  return separator == std::string_view::npos ? limit : separator + 1;
}

/// The lines of a cell, each with its style and spaces up to the width of the column.
std::vector<std::string> cell_lines(const std::string& cell, std::size_t width) {
  const auto [style, text] = parse_styled(cell);
  auto lines = wrapped_lines(text, width);
  for (auto& line : lines) {
    const auto padding = width - std::min(width, display_width(line));
    line = styled(style, line);
    line.append(padding, ' ');
  }
  return lines;
}

std::string row_text(const std::vector<std::string>& row, const Widths& widths) {
  std::vector<std::vector<std::string>> cells;
  std::size_t height = 1;
  for (std::size_t i = 0; i < row.size(); ++i) {
    cells.push_back(cell_lines(row[i], widths[i]));
    height = std::max(height, cells.back().size());
  }
  std::string text;
  for (std::size_t line = 0; line < height; ++line) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) text.append(column_spaces, ' ');
      text += line < cells[i].size() ? cells[i][line] : std::string(widths[i], ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::vector<std::vector<std::string>> cleaned(std::vector<std::vector<std::string>> rows) {
  for (auto& row : rows) std::ranges::transform(row, row.begin(), clean);
  return rows;
}

/// Each row as lines of a title and a cell, with an empty line between two rows.
std::string records(const std::vector<std::vector<std::string>>& rows, const TableFormat& format) {
  std::string text;
  for (std::size_t row = 1; row < rows.size(); ++row) {
    std::vector<std::vector<std::string>> lines;
    for (std::size_t column = 0; column < rows[row].size(); ++column) {
      const auto& title = rows.front()[column];
      lines.push_back({format.is_coloured ? styled(Style::bold, title) : title, rows[row][column]});
    }
    text += (row == 1 ? "" : "\n") + table(lines, format.width, 0);
  }
  return text;
}

}  // namespace

std::size_t width_of_table(const std::vector<std::vector<std::string>>& rows) {
  return total(natural_widths(cleaned(rows)));
}

std::vector<std::string> wrapped_lines(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (display_width(text) > width && width > 0) {
    const auto end = line_end(text, width);
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

std::vector<std::string> table_rows(const std::vector<std::vector<std::string>>& rows, std::size_t width,
                                    std::optional<std::size_t> wrapped_last) {
  const auto shown = cleaned(rows);
  auto widths = natural_widths(shown);
  fit(widths, width, wrapped_last);
  std::vector<std::string> texts;
  texts.reserve(shown.size());
  for (const auto& row : shown) texts.push_back(row_text(row, widths));
  return texts;
}

std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t width,
                  std::optional<std::size_t> wrapped_last) {
  return text::joined(table_rows(rows, width, wrapped_last), "");
}

std::string formatted_table(std::vector<std::vector<std::string>> rows, const TableFormat& format,
                            std::optional<std::size_t> wrapped_last) {
  const bool has_room = format.is_wide || total(natural_widths({rows.front()})) <= format.width;
  if (format.has_headings && !has_room) return records(rows, format);
  if (!format.has_headings) {
    rows.erase(rows.begin());
  } else if (format.is_coloured) {
    for (auto& title : rows.front()) title = styled(Style::bold, title);
  }
  return table(rows, format.is_wide ? width_of_table(rows) : format.width, wrapped_last);
}

}  // namespace report
