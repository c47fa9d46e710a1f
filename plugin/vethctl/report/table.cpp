#include "plugin/vethctl/report/table.hpp"

#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/words.hpp"

#include <algorithm>
#include <numeric>

namespace report {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest = 4;

using Widths = std::vector<std::size_t>;

Widths natural_widths(const std::vector<std::vector<std::string>>& rows) {
  Widths widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  return widths;
}

std::size_t total(const Widths& widths) {
  return widths.empty() ? 0 : std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
}

/// One column after the other gives way: always the widest of those that are not spared.
void fit(Widths& widths, std::size_t width, std::optional<std::size_t> spared) {
  for (auto excess = total(widths); excess > width; --excess) {
    auto widest = std::ranges::max_element(widths, {}, [&](const std::size_t& candidate) {
      return spared && &candidate == &widths[*spared] ? 0 : candidate;
    });
    if (*widest <= narrowest) return spared ? fit(widths, width, std::nullopt) : void();
    --*widest;
  }
}

std::string cell(const std::string& text, std::size_t width) {
  const auto shown = cut(text, width);
  return shown + std::string(width - width_of(shown), ' ');
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

}  // namespace

namespace {

std::vector<std::vector<std::string>> cleaned(std::vector<std::vector<std::string>> rows) {
  for (auto& row : rows) std::ranges::transform(row, row.begin(), clean);
  return rows;
}

}  // namespace

std::size_t width_of_table(const std::vector<std::vector<std::string>>& rows) {
  return total(natural_widths(cleaned(rows)));
}

std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t width,
                  std::optional<std::size_t> spared) {
  const auto shown = cleaned(rows);
  auto widths = natural_widths(shown);
  fit(widths, width, spared);
  std::string text;
  for (const auto& row : shown) text += line(row, widths);
  return text;
}

}  // namespace report
