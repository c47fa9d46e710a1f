#pragma once

#include "plugin/cni/address.hpp"

#include <cstdint>
#include <string>
#include <string_view>

struct nlattr;

// Attributes of nftables messages as strings of bytes. They are nested more deeply than other netlink attributes;
// strings can be nested by concatenation, so that a rule is written as one expression.
namespace kernel {

using Bytes = std::string;

/// One attribute, padded to four bytes.
Bytes nft_bytes(int type, std::string_view payload);

/// A text attribute with a terminating NUL.
Bytes nft_text(int type, std::string_view text);

/// A 32-bit number in network byte order, as in nftables messages.
Bytes nft_number(int type, std::uint32_t number);

/// A nested attribute.
Bytes nft_nest(int type, std::string_view attributes);

/// The type of a netlink message for a message of nftables (NFT_MSG_...).
int nft_message_type(int message);

/// The number in an attribute of nftables; 0 if it is absent.
std::uint32_t nft_number_in(const nlattr* attribute);

/// Whether two lists of expressions (nested attributes) have the same length, and each expression in `found` contains
/// all attributes of its counterpart in `wanted`. The kernel adds attributes with default values.
bool matches_expressions(std::string_view wanted, std::string_view found);

// The bytes of values in registers, keys and data. Fields of a concatenation are padded to four bytes.
Bytes value_of(const cni::IpAddress& address);
Bytes value_of(const cni::MacAddress& mac);
Bytes value_of_port(std::uint16_t port);
Bytes value_of_byte(std::uint8_t byte);
Bytes value_of_interface(std::string_view name);   ///< 16 bytes
Bytes value_of_host_number(std::uint32_t number);  ///< 32 bits in host byte order, as in the registers of fib and ct
Bytes padded(Bytes value);

}  // namespace kernel
