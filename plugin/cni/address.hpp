#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cni {

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

__extension__ using AddressBits = unsigned __int128;

/// Bits of an address of the family: 32 or 128.
constexpr unsigned address_length(Family family) { return family == Family::ipv4 ? 32 : 128; }

/// An IPv4 or IPv6 address. IPv4-mapped IPv6 text is the IPv4 address that it maps.
struct IpAddress {
  Family family = Family::ipv4;
  AddressBits bits = 0;  ///< as one number, most significant bit first; an IPv4 address is in the lower 32 bits

  auto operator<=>(const IpAddress&) const = default;
};

/// Dotted IPv4 without leading zeros, or IPv6 of RFC 4291 without a zone; nullopt for anything else.
std::optional<IpAddress> find_address(std::string_view text);

/// Dotted IPv4, or IPv6 as RFC 5952 wants it.
std::string to_string(const IpAddress& address);

/// The bytes in network order: 4 or 16 of them, the rest zero.
std::array<std::uint8_t, 16> to_bytes(const IpAddress& address);

/// The address of these bytes in network order.
IpAddress from_bytes(Family family, const std::uint8_t* bytes);

bool is_multicast(const IpAddress& address);
bool is_link_local(const IpAddress& address);
bool is_loopback(const IpAddress& address);
bool is_unspecified(const IpAddress& address);

/// CIDR notation: an address with the length of its network prefix. The bits behind the prefix are kept.
struct Prefix {
  IpAddress address;
  std::uint8_t length = 0;  ///< 0-32 or 0-128

  auto operator<=>(const Prefix&) const = default;
};

/// "10.1.2.3/24"; nullopt where the text is not exactly an address, a slash and a length that fits the family.
std::optional<Prefix> find_prefix(std::string_view text);
std::string to_string(const Prefix& prefix);

IpAddress first_address(const Prefix& prefix);  ///< the network's own address
IpAddress last_address(const Prefix& prefix);   ///< the broadcast address of an IPv4 network
Prefix network_of(const Prefix& prefix);        ///< the same prefix with the bits behind it cleared
IpAddress usual_gateway(const Prefix& prefix);  ///< the address after the network's own
bool contains(const Prefix& prefix, const IpAddress& address);
bool overlap(const Prefix& left, const Prefix& right);
Prefix host_prefix(const IpAddress& address);  ///< /32 or /128
bool is_host_prefix(const Prefix& prefix);

/// An Ethernet address.
struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  auto operator<=>(const MacAddress&) const = default;
};

/// Six bytes in hexadecimal, separated by ':' or '-'; nullopt for anything else.
std::optional<MacAddress> find_mac(std::string_view text);
std::string to_string(const MacAddress& mac);

}  // namespace cni
