#include "plugin/text/base64.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace text {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t group_bytes = 3;
constexpr std::size_t group_characters = 4;

/// Three bytes as one number; missing bytes are 0.
std::uint32_t number_of(std::string_view group) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < group_bytes; ++i) {
    number = number << 8U | (i < group.size() ? static_cast<std::uint8_t>(group[i]) : 0U);
  }
  return number;
}

/// Four characters of the alphabet as one number, without those of the padding.
std::optional<std::uint32_t> find_number(std::string_view group) {
  std::uint32_t number = 0;
  for (const char character : group) {
    const auto digit = alphabet.find(character);
    if (digit == std::string_view::npos) return std::nullopt;
    number = number << 6U | static_cast<std::uint32_t>(digit);
  }
  return number << 6U * (group_characters - group.size());
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / group_bytes * group_characters);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), group_bytes))) {
    const auto group = bytes.substr(0, group_bytes);
    const auto number = number_of(group);
    for (std::size_t i = 0; i < group_characters; ++i) {
      text += i <= group.size() ? alphabet[number >> 6U * (group_characters - 1 - i) & 0x3fU] : '=';
    }
  }
  return text;
}

std::optional<std::string> find_base64(std::string_view text) {
  if (text.size() % group_characters != 0) return std::nullopt;
  const auto padding = text.size() - std::min(text.find_last_not_of('=') + 1, text.size());
  if (padding > 2) return std::nullopt;
  text.remove_suffix(padding);
  std::string bytes;
  bytes.reserve(text.size());
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), group_characters))) {
    const auto group = text.substr(0, group_characters);
    const auto number = find_number(group);
    if (!number || group.size() == 1) return std::nullopt;
    for (std::size_t i = 0; i + 1 < group.size(); ++i) {
      bytes += static_cast<char>(*number >> 8U * (group_bytes - 1 - i) & 0xffU);
    }
  }
  return bytes;
}

}  // namespace text
