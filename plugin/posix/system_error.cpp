#include "plugin/posix/system_error.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

namespace posix {

std::system_error system_error(int error, const std::string& act) { return {error, std::generic_category(), act}; }

void throw_errno(const std::string& act) { throw system_error(errno, act); }

namespace {

constexpr std::size_t longest_echo = 256;

void append_escaped(std::string& text, char character) {
  const auto byte = static_cast<unsigned char>(character);
  if (character == '"' || character == '\\') {
    text += {'\\', character};
  } else if (byte < 0x20 || byte == 0x7f) {
    std::array<char, 5> escaped{};
    std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned>(byte));
    text += escaped.data();
  } else {
    text += character;
  }
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char character : text.substr(0, longest_echo)) append_escaped(result, character);
  if (text.size() > longest_echo) result += "...";
  return result + '"';
}

}  // namespace posix
