#include "plugin/cni/quoted.hpp"

#include <cstddef>

namespace cni {
namespace {

constexpr std::size_t longest_echo = 256;

void append_escaped(std::string& text, char character) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(character);
  if (character == '"' || character == '\\') {
    text += {'\\', character};
  } else if (byte < 0x20 || byte == 0x7f) {
    text += {'\\', 'x', digits[byte >> 4U], digits[byte & 0xfU]};
  } else {
    text += character;
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

}  // namespace cni
