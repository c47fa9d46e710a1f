#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cni {

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

inline constexpr std::array families{Family::ipv4, Family::ipv6};

__extension__ using AddressBits = unsigned __int128;

/// Number of bits of an address of the family: 32 or 128.
constexpr unsigned address_length(Family family) { return family == Family::ipv4 ? 32 : 128; }

/// An IPv4 or IPv6 address. IPv4-mapped IPv6 text is converted to the IPv4 address.
struct IpAddress {
  Family family = Family::ipv4;
  AddressBits bits = 0;  ///< as one number in host byte order; IPv4 uses the lower 32 bits

  auto operator<=>(const IpAddress&) const = default;
};

/// Parses dotted IPv4 without leading zeros, or IPv6 (RFC 4291) without a zone; nullopt for any other text.
std::optional<IpAddress> find_address(std::string_view text);

/// Dotted IPv4, or IPv6 in the form of RFC 5952.
std::string to_string(const IpAddress& address);

/// The bytes in network byte order: 4 or 16, followed by zeros.
std::array<std::uint8_t, 16> to_bytes(const IpAddress& address);

/// The address with these 4 or 16 bytes in network byte order.
IpAddress from_bytes(Family family, const std::uint8_t* bytes);

bool is_multicast(const IpAddress& address);
bool is_link_local(const IpAddress& address);
bool is_loopback(const IpAddress& address);
bool is_unspecified(const IpAddress& address);

/// An address with a prefix length, as in CIDR notation. The host bits are kept.
struct Prefix {
  IpAddress address;
  std::uint8_t length = 0;  ///< 0-32 or 0-128

  auto operator<=>(const Prefix&) const = default;
};

/// Parses "10.1.2.3/24"; nullopt if the text is not an address, a slash and a length that fits the family.
std::optional<Prefix> find_prefix(std::string_view text);
std::string to_string(const Prefix& prefix);

IpAddress first_address(const Prefix& prefix);   ///< the network address
IpAddress last_address(const Prefix& prefix);    ///< the broadcast address of an IPv4 network
Prefix network_of(const Prefix& prefix);         ///< the same prefix with the host bits cleared
IpAddress second_address(const Prefix& prefix);  ///< the address after the first address of the prefix
bool contains(const Prefix& prefix, const IpAddress& address);
bool overlap(const Prefix& left, const Prefix& right);
Prefix host_prefix(const IpAddress& address);  ///< /32 or /128
bool is_host_prefix(const Prefix& prefix);

/// An Ethernet address.
struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  auto operator<=>(const MacAddress&) const = default;
};

/// Parses six bytes in hexadecimal, separated by ':' or '-'; nullopt for any other text.
std::optional<MacAddress> find_mac(std::string_view text);
std::string to_string(const MacAddress& mac);

}  // namespace cni
