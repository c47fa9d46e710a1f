#include "plugin/cni/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace cni {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t max_address_length = INET6_ADDRSTRLEN - 1;
constexpr AddressBits mapped_prefix = AddressBits{0xffff} << 32U;  // ::ffff:0:0/96
constexpr unsigned mapped_length = 96;

AddressBits bits_of(const std::uint8_t* bytes, std::size_t count) {
  AddressBits bits = 0;
  for (std::size_t i = 0; i < count; ++i) bits = bits << 8U | bytes[i];
  return bits;
}

std::size_t byte_count(Family family) { return address_length(family) / 8; }

// An IPv4-mapped address stays IPv6 here: find_prefix needs its prefix length.
std::optional<IpAddress> parse(std::string_view text) {
  if (text.size() > max_address_length || text.find('\0') != std::string_view::npos) return std::nullopt;
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

// The host bits, all set.
AddressBits host_mask(const Prefix& prefix) {
  const unsigned host_bits = address_length(prefix.address.family) - prefix.length;
  return host_bits == 128 ? ~AddressBits{0} : (AddressBits{1} << host_bits) - 1;
}

using Groups = std::array<std::uint16_t, 8>;

Groups groups_of(const IpAddress& address) {
  Groups groups{};
  AddressBits bits = address.bits;
  for (std::size_t i = groups.size(); i-- > 0; bits >>= 16U) groups[i] = static_cast<std::uint16_t>(bits);
  return groups;
}

struct Run {
  std::size_t begin = 0;
  std::size_t length = 0;
};

// The groups that "::" replaces: the first longest run of at least two groups of zero (RFC 5952, section 4.2).
Run longest_zero_run(const Groups& groups) {
  Run longest{.begin = groups.size(), .length = 0};
  Run run;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    run = groups[i] == 0 ? Run{run.begin, run.length + 1} : Run{i + 1, 0};
    if (run.length > 1 && run.length > longest.length) longest = run;
  }
  return longest;
}

// A buffer on the stack: most of the output of a call is addresses.
class AddressText {
 public:
  void add(char character) { *end_++ = character; }
  void add(unsigned number, int base) { end_ = std::to_chars(end_, text_.data() + text_.size(), number, base).ptr; }

  std::string string() { return {text_.data(), end_}; }

 private:
  std::array<char, INET6_ADDRSTRLEN> text_;
  char* end_ = text_.data();
};

// inet_ntop is not used because it writes ::102:304 as ::1.2.3.4.
std::string ipv6_text(const IpAddress& address) {
  const Groups groups = groups_of(address);
  const Run zeros = longest_zero_run(groups);
  AddressText text;
  for (std::size_t i = 0; i < groups.size();) {
    if (i == zeros.begin) {
      text.add(':');
      i += zeros.length;
      if (i == groups.size()) text.add(':');
    } else {
      if (i > 0) text.add(':');
      text.add(groups[i++], 16);
    }
  }
  return text.string();
}

std::string ipv4_text(const IpAddress& address) {
  const auto bits = static_cast<std::uint32_t>(address.bits);
  AddressText text;
  for (unsigned shift = 32; shift > 0;) {
    shift -= 8;
    text.add(bits >> shift & 0xffU, 10);
    if (shift > 0) text.add('.');
  }
  return text.string();
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

// 224.0.0.0/4, ff00::/8
bool is_multicast(const IpAddress& address) {
  return address.family == Family::ipv4 ? address.bits >> 28U == 0xe : address.bits >> 120U == 0xff;
}

// 169.254.0.0/16, fe80::/10
bool is_link_local(const IpAddress& address) {
  return address.family == Family::ipv4 ? address.bits >> 16U == 0xa9fe : address.bits >> 118U == 0xfe80 >> 6U;
}

// 127.0.0.0/8, ::1
bool is_loopback(const IpAddress& address) {
  return address.family == Family::ipv4 ? address.bits >> 24U == 127 : address.bits == 1;
}

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

IpAddress second_address(const Prefix& prefix) {
  auto address = first_address(prefix);
  address.bits += 1;
  return address;
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
