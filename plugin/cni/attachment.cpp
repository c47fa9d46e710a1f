#include "plugin/cni/attachment.hpp"

#include "plugin/text/hash.hpp"

#include <algorithm>
#include <cstddef>

namespace cni {
namespace {

// isalnum is not used because it depends on the locale.
bool is_alphanumeric(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9');
}

bool is_identifier_character(char character) {
  return is_alphanumeric(character) || character == '_' || character == '.' || character == '-';
}

constexpr std::string_view base32_alphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t tag_characters = 13;
constexpr std::size_t tag_characters_in_name = 11;
// IFALIASZ is 256, and dev_set_alias() rejects 255 bytes and more (net/core/dev.c).
constexpr std::size_t max_alias_length = 254;

}  // namespace

bool is_identifier(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && std::ranges::all_of(text, is_identifier_character);
}

Tag tag_of(const Attachment& attachment) {
  constexpr std::string_view separator{"\0", 1};
  text::Fnv1a hash;
  hash.add(attachment.network);
  hash.add(separator);
  hash.add(attachment.container);
  hash.add(separator);
  hash.add(attachment.interface);
  return {text::fmix64(hash.value())};
}

Tag tag_of_network(std::string_view network) { return {text::fmix64(text::fnv1a(network))}; }

std::string to_string(Tag tag) {
  std::string text;
  for (std::size_t i = 0; i + 1 < tag_characters; ++i) text += base32_alphabet[tag.value >> (59 - 5 * i) & 31U];
  return text + base32_alphabet[(tag.value & 15U) << 1U];  // 64 = 12 * 5 + 4: the last character has one bit of padding
}

std::optional<Tag> find_tag(std::string_view text) {
  if (text.size() != tag_characters) return std::nullopt;
  std::uint64_t value = 0;
  for (const char character : text.substr(0, tag_characters - 1)) {
    const std::size_t digit = base32_alphabet.find(character);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value << 5U | digit;
  }
  const std::size_t last = base32_alphabet.find(text.back());
  if (last == std::string_view::npos || last % 2 != 0) return std::nullopt;
  return Tag{value << 4U | last >> 1U};
}

std::string host_interface_name(Tag tag) { return "veth" + to_string(tag).substr(0, tag_characters_in_name); }

std::string ifb_name(Tag tag) { return "ifb" + to_string(tag).substr(0, tag_characters_in_name); }

std::string alias_of(const Attachment& attachment) {
  std::string alias = alias_prefix(attachment.network) + attachment.container + '/' + attachment.interface;
  if (alias.size() <= max_alias_length) return alias;
  const std::string end = '#' + to_string(tag_of(attachment));
  return alias.substr(0, max_alias_length - end.size()) + end;
}

std::string alias_prefix(std::string_view network) { return std::string(alias_start) + std::string(network) + '/'; }

std::optional<Attachment> attachment_of_alias(std::string_view alias) {
  if (!alias.starts_with(alias_start)) return std::nullopt;
  const auto names = alias.substr(alias_start.size());
  const auto first = names.find('/');
  const auto last = names.rfind('/');
  if (first == std::string_view::npos) return std::nullopt;
  if (first == last) return Attachment{std::string(names.substr(0, first)), std::string(names.substr(first + 1)), ""};
  return Attachment{std::string(names.substr(0, first)), std::string(names.substr(first + 1, last - first - 1)),
                    std::string(names.substr(last + 1))};
}

std::optional<Tag> tag_of_alias(std::string_view alias) {
  const auto attachment = attachment_of_alias(alias);
  const bool is_truncated = alias.size() == max_alias_length && alias[max_alias_length - tag_characters - 1] == '#';
  if (attachment && is_truncated) return find_tag(alias.substr(max_alias_length - tag_characters));
  return attachment && !attachment->interface.empty() ? std::optional{tag_of(*attachment)} : std::nullopt;
}

MacAddress container_mac(Tag tag) {
  MacAddress mac;
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) mac.bytes.at(i) = static_cast<std::uint8_t>(tag.value >> 8 * i);
  mac.bytes[0] = static_cast<std::uint8_t>((mac.bytes[0] & 0xfcU) | 0x02U);  // locally administered, unicast
  return mac;
}

MacAddress host_mac(Tag tag) {
  MacAddress mac = container_mac(tag);
  mac.bytes.back() ^= 1U;
  return mac;
}

MacAddress ifb_mac(Tag tag) {
  MacAddress mac = container_mac(tag);
  mac.bytes.back() ^= 2U;
  return mac;
}

IpAddress link_local_address(const MacAddress& mac) {
  const auto& m = mac.bytes;
  const auto universal_bit_flipped = static_cast<std::uint8_t>(m[0] ^ 0x02U);
  const std::array<std::uint8_t, 16> bytes{0xfe, 0x80, 0,    0,    0,    0,    0,   0, universal_bit_flipped,
                                           m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]};
  return from_bytes(Family::ipv6, bytes.data());
}

}  // namespace cni
