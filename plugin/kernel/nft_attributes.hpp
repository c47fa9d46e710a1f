#pragma once

#include "plugin/cni/address.hpp"

#include <cstdint>
#include <string>
#include <string_view>

// Attributes of nftables messages as bytes. They nest deeper than any others of netlink, and bytes nest by being put
// together: a rule is written down as it reads.
namespace kernel {

using Bytes = std::string;

/// One attribute, padded to four bytes.
Bytes nft_bytes(int type, std::string_view payload);

/// A text with its NUL.
Bytes nft_text(int type, std::string_view text);

/// 32 bits in network order, as nftables wants its numbers.
Bytes nft_number(int type, std::uint32_t number);

/// An attribute of attributes.
Bytes nft_nest(int type, std::string_view attributes);

/// Whether two lists of attributes of attributes are as long as each other, and each of `there` has all that its
/// counterpart in `wanted` has: the kernel adds what it has filled in by itself.
bool is_fulfilled(std::string_view wanted, std::string_view there);

/// Bytes of values in registers, keys and data; fields of a concatenation are padded to four bytes.
Bytes value_of(const cni::IpAddress& address);
Bytes value_of(const cni::MacAddress& mac);
Bytes value_of_port(std::uint16_t port);
Bytes value_of_byte(std::uint8_t byte);
Bytes value_of_interface(std::string_view name);   ///< 16 bytes
Bytes value_of_host_number(std::uint32_t number);  ///< 32 bits in the host's order, as fib and ct put them there
Bytes padded(Bytes value);

}  // namespace kernel
