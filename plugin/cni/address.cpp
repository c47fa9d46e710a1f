#include "plugin/cni/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace cni {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t longest_address = INET6_ADDRSTRLEN - 1;
constexpr AddressBits mapped_prefix = AddressBits{0xffff} << 32U;  // ::ffff:0:0/96
constexpr unsigned mapped_length = 96;

AddressBits bits_of(const std::uint8_t* bytes, std::size_t count) {
  AddressBits bits = 0;
  for (std::size_t i = 0; i < count; ++i) bits = bits << 8U | bytes[i];
  return bits;
}

std::size_t byte_count(Family family) { return address_length(family) / 8; }

// The address as it is written: a mapped one is still IPv6.
std::optional<IpAddress> parse(std::string_view text) {
  if (text.size() > longest_address || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return from_bytes(Family::ipv4, bytes.data());
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return from_bytes(Family::ipv6, bytes.data());
  return std::nullopt;
}

bool is_mapped(const IpAddress& address) {
  return address.family == Family::ipv6 && address.bits >> 32U == mapped_prefix >> 32U;
}

IpAddress unmapped(const IpAddress& address) { return {Family::ipv4, address.bits & 0xffffffffU}; }

std::optional<unsigned> find_length(std::string_view text) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  unsigned length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return length;
}

// The bits behind the prefix, all set.
AddressBits host_mask(const Prefix& prefix) {
  const unsigned host_bits = address_length(prefix.address.family) - prefix.length;
  return host_bits == 128 ? ~AddressBits{0} : (AddressBits{1} << host_bits) - 1;
}

using Groups = std::array<std::uint16_t, 8>;

Groups groups_of(const IpAddress& address) {
  Groups groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups.at(i) = static_cast<std::uint16_t>(address.bits >> (112 - 16 * i));
  }
  return groups;
}

struct Run {
  std::size_t begin = 0;
  std::size_t length = 0;
};

// What "::" stands for: the first longest run of at least two groups of zero (RFC 5952, section 4.2).
Run longest_zero_run(const Groups& groups) {
  Run longest{.begin = 0, .length = 1};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto* const begin = groups.begin() + i;
    const auto* const end = std::find_if(begin, groups.end(), [](std::uint16_t group) { return group != 0; });
    const auto length = static_cast<std::size_t>(end - begin);
    if (length > longest.length) longest = {.begin = i, .length = length};
  }
  return longest.length > 1 ? longest : Run{.begin = groups.size(), .length = 0};
}

std::string hexadecimal(std::uint16_t value) {
  std::array<char, 4> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return {digits.data(), end};
}

// Not inet_ntop: it writes ::102:304 as ::1.2.3.4.
std::string ipv6_text(const IpAddress& address) {
  const Groups groups = groups_of(address);
  const Run zeros = longest_zero_run(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == zeros.begin) {
      text += "::";
      i += zeros.length - 1;
    } else {
      if (!text.empty() && text.back() != ':') text += ':';
      text += hexadecimal(groups.at(i));
    }
  }
  return text;
}

std::string ipv4_text(const IpAddress& address) {
  const auto bytes = to_bytes(address);
  std::string text = std::to_string(bytes[0]);
  for (std::size_t i = 1; i < 4; ++i) text += '.' + std::to_string(bytes.at(i));
  return text;
}

bool is_in(const IpAddress& address, std::string_view ipv4_prefix, std::string_view ipv6_prefix) {
  return contains(*find_prefix(address.family == Family::ipv4 ? ipv4_prefix : ipv6_prefix), address);
}

std::optional<std::uint8_t> find_byte(std::string_view two_digits) {
  std::uint8_t byte = 0;
  const auto [end, error] = std::from_chars(two_digits.data(), two_digits.data() + 2, byte, 16);
  if (error != std::errc{} || end != two_digits.data() + 2) return std::nullopt;
  return byte;
}

}  // namespace

std::optional<IpAddress> find_address(std::string_view text) {
  const auto address = parse(text);
  return address && is_mapped(*address) ? unmapped(*address) : address;
}

std::string to_string(const IpAddress& address) {
  return address.family == Family::ipv4 ? ipv4_text(address) : ipv6_text(address);
}

std::array<std::uint8_t, 16> to_bytes(const IpAddress& address) {
  std::array<std::uint8_t, 16> bytes{};
  AddressBits bits = address.bits;
  for (std::size_t i = byte_count(address.family); i-- > 0; bits >>= 8U) bytes.at(i) = static_cast<std::uint8_t>(bits);
  return bytes;
}

IpAddress from_bytes(Family family, const std::uint8_t* bytes) { return {family, bits_of(bytes, byte_count(family))}; }

bool is_multicast(const IpAddress& address) { return is_in(address, "224.0.0.0/4", "ff00::/8"); }
bool is_link_local(const IpAddress& address) { return is_in(address, "169.254.0.0/16", "fe80::/10"); }
bool is_loopback(const IpAddress& address) { return is_in(address, "127.0.0.0/8", "::1/128"); }
bool is_unspecified(const IpAddress& address) { return address.bits == 0; }

std::optional<Prefix> find_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse(text.substr(0, slash));
  const auto length = find_length(text.substr(slash + 1));
  if (!address || !length || *length > address_length(address->family)) return std::nullopt;
  if (!is_mapped(*address)) return Prefix{*address, static_cast<std::uint8_t>(*length)};
  if (*length < mapped_length) return std::nullopt;
  return Prefix{unmapped(*address), static_cast<std::uint8_t>(*length - mapped_length)};
}

std::string to_string(const Prefix& prefix) { return to_string(prefix.address) + '/' + std::to_string(prefix.length); }

IpAddress first_address(const Prefix& prefix) {
  return {prefix.address.family, prefix.address.bits & ~host_mask(prefix)};
}

IpAddress last_address(const Prefix& prefix) {
  return {prefix.address.family, prefix.address.bits | host_mask(prefix)};
}

Prefix network_of(const Prefix& prefix) { return {first_address(prefix), prefix.length}; }

bool contains(const Prefix& prefix, const IpAddress& address) {
  return address.family == prefix.address.family && (address.bits | host_mask(prefix)) == last_address(prefix).bits;
}

bool overlap(const Prefix& left, const Prefix& right) {
  return contains(left, first_address(right)) || contains(right, first_address(left));
}

Prefix host_prefix(const IpAddress& address) {
  return {address, static_cast<std::uint8_t>(address_length(address.family))};
}

bool is_host_prefix(const Prefix& prefix) { return prefix.length == address_length(prefix.address.family); }

std::optional<MacAddress> find_mac(std::string_view text) {
  constexpr std::size_t text_length = 17;
  if (text.size() != text_length || (text[2] != ':' && text[2] != '-')) return std::nullopt;
  MacAddress mac;
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
    const auto byte = find_byte(text.substr(3 * i, 2));
    if (!byte || (i > 0 && text[3 * i - 1] != text[2])) return std::nullopt;
    mac.bytes.at(i) = *byte;
  }
  return mac;
}

std::string to_string(const MacAddress& mac) {
  std::string text;
  for (const std::uint8_t byte : mac.bytes) {
    if (!text.empty()) text += ':';
    text += {hex_digits[byte >> 4U], hex_digits[byte & 0xfU]};
  }
  return text;
}

}  // namespace cni
