#include "plugin/text/quoted.hpp"

#include <cstddef>

namespace text {
namespace {

constexpr std::size_t longest_echo = 256;

void append_escaped(std::string& result, char character) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(character);
  if (character == '"' || character == '\\') {
    result += {'\\', character};
  } else if (byte < 0x20 || byte == 0x7f) {
    result += {'\\', 'x', digits[byte >> 4U], digits[byte & 0xfU]};
  } else {
    result += character;
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  for (const char character : text.substr(0, longest_echo)) append_escaped(result, character);
  if (text.size() > longest_echo) result += "...";
  return result;
}

std::string quoted(std::string_view text) { return '"' + printable(text) + '"'; }

}  // namespace text
