#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/nft_attributes.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>

// The expressions of the rules of this plugin, in the terms of nft(8). A rule is the concatenation of its expressions.
// They are evaluated from left to right until one does not match.
namespace kernel {

/// A register of four bytes; longer values use the following registers too.
enum class NftRegister : std::uint32_t { first = 8 };

constexpr NftRegister first_register = NftRegister::first;

/// The first register after values of this size.
constexpr NftRegister register_after(std::uint32_t bytes) { return NftRegister{8 + bytes / 4}; }

// Matches.
Bytes is_family(cni::Family family);                 ///< meta nfproto ipv4; required before matches on an IP header
Bytes is_source_in(const cni::Prefix& prefix);       ///< ip saddr 10.0.0.0/8
Bytes is_destination_in(const cni::Prefix& prefix);  ///< ip daddr 10.0.0.0/8
Bytes is_input_not(const std::string& interface);    ///< iifname != "lo"
Bytes is_to_this_host();                             ///< fib daddr type local
Bytes has_dnat_status();                             ///< ct status dnat

// Load values into registers, to be looked up as one key.
Bytes load_source(cni::Family family, NftRegister target);
Bytes load_destination(cni::Family family, NftRegister target);
Bytes load_protocol(NftRegister target);
Bytes load_destination_port(NftRegister target);
Bytes load_input(NftRegister target);       ///< iifname
Bytes load_source_mac(NftRegister target);  ///< ether saddr

/// The bytes of an address of the family.
constexpr std::uint32_t bytes_of_address(cni::Family family) { return cni::address_length(family) / 8; }

/// Matches if the key in the registers, from the first on, is in the set, or is not in it.
Bytes is_in(const std::string& set);
Bytes is_not_in(const std::string& set);

/// Replaces the key by its value in the map; does not match if the map has no such key.
Bytes look_up_in_map(const std::string& map);

// Statements.
Bytes masquerade();
Bytes drop();
Bytes return_to_caller();  ///< return
Bytes jump(const std::string& chain);
Bytes go_to(const std::string& chain);        ///< goto: a return in that chain returns to the caller of this one
Bytes dnat_to_registers(cni::Family family);  ///< dnat to the address and port in the registers from the first on

}  // namespace kernel
