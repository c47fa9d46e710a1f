#include "plugin/vethctl/report/table.hpp"

#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/format.hpp"

#include <algorithm>
#include <numeric>

namespace report {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t min_width = 4;

using Widths = std::vector<std::size_t>;

Widths natural_widths(const std::vector<std::vector<std::string>>& rows) {
  Widths widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  return widths;
}

std::size_t total(const Widths& widths) {
  return widths.empty() ? 0 : std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
}

/// Narrows the widest column by one character until the table fits; column `truncated_last` only if nothing else is
/// left.
void fit(Widths& widths, std::size_t width, std::optional<std::size_t> truncated_last) {
  for (auto excess = total(widths); excess > width; --excess) {
    auto widest = std::ranges::max_element(widths, {}, [&](const std::size_t& candidate) {
      return truncated_last && &candidate == &widths[*truncated_last] ? 0 : candidate;
    });
    if (*widest <= min_width) return truncated_last ? fit(widths, width, std::nullopt) : void();
    --*widest;
  }
}

std::string cell(const std::string& text, std::size_t width) {
  const auto shown = truncate(text, width);
  return shown + std::string(width - display_width(shown), ' ');
}

std::string line(const std::vector<std::string>& row, const Widths& widths) {
  std::string text;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) text.append(gap, ' ');
    text += cell(row[i], widths[i]);
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + '\n';
}

std::vector<std::vector<std::string>> cleaned(std::vector<std::vector<std::string>> rows) {
  for (auto& row : rows) std::ranges::transform(row, row.begin(), clean);
  return rows;
}

}  // namespace

std::size_t width_of_table(const std::vector<std::vector<std::string>>& rows) {
  return total(natural_widths(cleaned(rows)));
}

std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t width,
                  std::optional<std::size_t> truncated_last) {
  const auto shown = cleaned(rows);
  auto widths = natural_widths(shown);
  fit(widths, width, truncated_last);
  std::string text;
  for (const auto& row : shown) text += line(row, widths);
  return text;
}

}  // namespace report
