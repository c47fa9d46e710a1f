#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/nft_attributes.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>

// The expressions that our rules are made of, each in the words of nft(8). A rule is the sum of its expressions: they
// run from left to right and end where one does not match.
namespace kernel {

/// A register of four bytes; longer values take the next ones, too.
enum class NftRegister : std::uint32_t { first = 8 };

/// The register behind `bytes` of values.
constexpr NftRegister behind(std::uint32_t bytes) { return NftRegister{8 + bytes / 4}; }

// Matches.
Bytes is_family(cni::Family family);                 ///< meta nfproto ipv4; before all that looks into an IP header
Bytes is_source_in(const cni::Prefix& prefix);       ///< ip saddr 10.0.0.0/8
Bytes is_destination_in(const cni::Prefix& prefix);  ///< ip daddr 10.0.0.0/8
Bytes is_input_not(const std::string& interface);    ///< iifname != "lo"
Bytes is_to_this_host();                             ///< fib daddr type local
Bytes is_redirected();                               ///< ct status dnat

// What is put into registers, to be looked up as one key.
Bytes load_source(cni::Family family, NftRegister place);
Bytes load_destination(cni::Family family, NftRegister place);
Bytes load_protocol(NftRegister place);
Bytes load_destination_port(NftRegister place);
Bytes load_input(NftRegister place);       ///< iifname
Bytes load_source_mac(NftRegister place);  ///< ether saddr

/// Whether the key in the registers from the first on is in the set, or is not.
Bytes is_in(const std::string& set);
Bytes is_not_in(const std::string& set);

/// Replaces the key by what the map has for it; ends the rule where it has nothing.
Bytes translate(const std::string& map);

// What is done.
Bytes masquerade();
Bytes drop();
Bytes return_to_caller();  ///< return: to where the chain was called from
Bytes jump(const std::string& chain);
Bytes go_to(const std::string& chain);            ///< a return there returns from here
Bytes redirect_to_registers(cni::Family family);  ///< dnat to the address and port from the first register on

}  // namespace kernel
