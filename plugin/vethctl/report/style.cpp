#include "plugin/vethctl/report/style.hpp"

#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/report/replace_all.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace report {
namespace {

struct Mark {
  Style style;
  std::string_view mark;      ///< a character of the private use area of Unicode
  std::string_view sequence;  ///< the escape sequence that begins the style
};

constexpr std::array<Mark, 5> marks{{{Style::bold, "\uf8e1", "\x1b[1m"},
                                     {Style::red, "\uf8e2", "\x1b[1;31m"},
                                     {Style::yellow, "\uf8e3", "\x1b[33m"},
                                     {Style::green, "\uf8e4", "\x1b[32m"},
                                     {Style::dim, "\uf8e5", "\x1b[2m"}}};
constexpr std::string_view end_mark = "\uf8e0";
constexpr std::string_view end_sequence = "\x1b[0m";

std::string styled_severity(std::string_view line) {
  constexpr std::array<std::pair<std::string_view, Style>, 4> words{
      {{"fault", Style::red}, {"warning", Style::yellow}, {"note", Style::bold}, {"no problems", Style::green}}};
  for (const auto& [word, style] : words) {
    if (!line.starts_with(word) || line.substr(word.size(), 1) != ":") continue;
    return styled(style, word) + std::string{line.substr(word.size())};
  }
  return std::string{line};
}

}  // namespace

std::string styled(Style style, std::string_view text) {
  if (text.empty()) return {};
  for (const auto& mark : marks) {
    if (mark.style == style) return std::string{mark.mark}.append(text).append(end_mark);
  }
  return std::string{text};
}

StyledText parse_styled(std::string_view text) {
  for (const auto& mark : marks) {
    if (!text.starts_with(mark.mark) || !text.ends_with(end_mark)) continue;
    return {mark.style, std::string{text.substr(mark.mark.size(), text.size() - mark.mark.size() - end_mark.size())}};
  }
  return {.text = std::string{text}};
}

std::string styled_severities(std::string_view lines) {
  std::string text;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    text += styled_severity(lines.substr(0, end));
    if (end < lines.size()) text += '\n';
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return text;
}

std::string with_escape_sequences(std::string_view text) {
  std::string result{text};
  for (const auto& mark : marks) replace_all(result, mark.mark, mark.sequence);
  replace_all(result, end_mark, end_sequence);
  return result;
}

std::string ascii(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> similar{
      {{"├", "|"}, {"└", "`"}, {"│", "|"}, {"─", "-"}, {"…", "~"}, {"→", ">"}, {"×", "x"}, {"✓", "+"}}};
  std::string replaced{text};
  for (const auto& [old, replacement] : similar) replace_all(replaced, old, replacement);
  std::string result;
  for (const char byte : replaced) {
    const bool is_ascii = static_cast<unsigned char>(byte) < 0x80U;
    if (is_ascii || begins_character(byte)) result += is_ascii ? byte : '?';
  }
  return result;
}

}  // namespace report
