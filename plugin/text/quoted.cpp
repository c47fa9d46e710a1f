#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <cstddef>

namespace text {
namespace {

constexpr std::size_t max_quoted_bytes = 256;

bool is_control(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7f;
}

bool needs_escape(char character) { return character == '"' || character == '\\' || is_control(character); }

void append_escaped(std::string& result, char character) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(character);
  if (is_control(character)) {
    result += {'\\', 'x', digits[byte >> 4U], digits[byte & 0xfU]};
  } else {
    if (needs_escape(character)) result += '\\';
    result += character;
  }
}

/// Copies the text at once where no character needs an escape, as in most names.
void append_printable(std::string& result, std::string_view text) {
  const auto shown = text.substr(0, max_quoted_bytes);
  if (std::ranges::none_of(shown, needs_escape)) {
    result += shown;
  } else {
    for (const char character : shown) append_escaped(result, character);
  }
  if (text.size() > max_quoted_bytes) result += "...";
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  append_printable(result, text);
  return result;
}

std::string quoted(std::string_view text) {
  std::string result;
  result.reserve(text.size() + 2);
  result += '"';
  append_printable(result, text);
  result += '"';
  return result;
}

}  // namespace text
