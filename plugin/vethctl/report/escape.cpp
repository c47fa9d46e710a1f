#include "plugin/vethctl/report/escape.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace report {
namespace {

/// Length in bytes of the character that begins with `lead` (RFC 3629, section 4); 0 if no character begins with it.
std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

constexpr std::uint32_t no_code_point = 0xffffffff;

std::uint32_t code_point(std::string_view character) {
  constexpr std::array<unsigned, 5> bits_of_lead{0, 0x7f, 0x1f, 0x0f, 0x07};
  auto code = static_cast<unsigned char>(character.front()) & bits_of_lead.at(character.size());
  for (const char byte : character.substr(1)) {
    const auto value = static_cast<unsigned char>(byte);
    if ((value & 0xc0U) != 0x80U) return no_code_point;
    code = (code << 6U) | (value & 0x3fU);
  }
  return code;
}

bool is_printable(std::string_view character) {
  constexpr std::array<std::uint32_t, 5> min_code{0, 0x20, 0xa0, 0x800,
                                                  0x10000};  // smaller ones are control characters or overlong forms
  const auto code = code_point(character);
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  const bool is_noncharacter = code == 0xfffe || code == 0xffff || code == 0x7f;
  return code >= min_code.at(character.size()) && code <= 0x10ffff && !is_surrogate && !is_noncharacter;
}

/// The text with each of `characters` replaced by the entry of `replacements` at the same index.
std::string replace_characters(std::string_view text, std::string_view characters, const char* const* replacements) {
  std::string result;
  for (const char character : text) {
    const auto index = characters.find(character);
    if (index == std::string_view::npos) {
      result += character;
    } else {
      result += replacements[index];
    }
  }
  return result;
}

/// Applies clean() and `escape` to each line.
std::string clean_lines(std::string_view text, std::string_view line_break, const auto& escape) {
  std::string result;
  while (true) {
    const auto end = text.find('\n');
    result += escape(clean(text.substr(0, end)));
    if (end == std::string_view::npos) return result;
    result += line_break;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string clean(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto length = length_of(static_cast<unsigned char>(text.front()));
    const bool is_valid = length > 0 && length <= text.size() && is_printable(text.substr(0, length));
    result += is_valid ? text.substr(0, length) : "\ufffd";
    text.remove_prefix(is_valid ? length : 1);
  }
  return result;
}

std::string clean_text(std::string_view text) {
  return clean_lines(text, "\n", [](std::string line) { return line; });
}

std::string xml(std::string_view text) {
  constexpr const char* entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
  return replace_characters(clean(text), "&<>\"'", entities);
}

std::string xml_lines(std::string_view text) {
  return clean_lines(text, "\n", [](const std::string& line) { return xml(line); });
}

std::string dot_string(std::string_view text) {
  constexpr const char* escapes[] = {"\\\"", "\\\\"};
  return '"' +
         clean_lines(text, "\\n", [&](const std::string& line) { return replace_characters(line, "\"\\", escapes); }) +
         '"';
}

std::string mermaid_string(std::string_view text) {
  constexpr const char* entities[] = {"#quot;", "#35;", "#lt;", "#gt;", "#96;", "#amp;"};
  return '"' +
         clean_lines(text, "<br/>",
                     [&](const std::string& line) { return replace_characters(line, "\"#<>`&", entities); }) +
         '"';
}

}  // namespace report
