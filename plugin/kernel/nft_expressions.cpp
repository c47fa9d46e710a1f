#include "plugin/kernel/nft_expressions.hpp"

#include <linux/in_route.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>

#include <cstddef>

namespace kernel {
namespace {

Bytes expression(const char* name, std::string_view data) {
  return nft_nest(NFTA_LIST_ELEM, nft_text(NFTA_EXPR_NAME, name) + nft_nest(NFTA_EXPR_DATA, data));
}

/// Every fourth register is also the start of a register of 16 bytes. The kernel reports it by the number of that one
/// (nft_dump_register() in net/netfilter/nf_tables_api.c).
Bytes register_of(int attribute, NftRegister target) {
  constexpr std::uint32_t short_per_long = 4;
  const auto number = static_cast<std::uint32_t>(target);
  const auto distance = number - static_cast<std::uint32_t>(first_register);
  const bool starts_long_register = distance % short_per_long == 0;
  return nft_number(attribute, starts_long_register ? NFT_REG_1 + distance / short_per_long : number);
}

Bytes value(int attribute, std::string_view bytes) { return nft_nest(attribute, nft_bytes(NFTA_DATA_VALUE, bytes)); }

Bytes compare(std::uint32_t operation, std::string_view bytes) {
  return expression("cmp", register_of(NFTA_CMP_SREG, first_register) + nft_number(NFTA_CMP_OP, operation) +
                               value(NFTA_CMP_DATA, bytes));
}

Bytes equals(std::string_view bytes) { return compare(NFT_CMP_EQ, bytes); }
Bytes differs(std::string_view bytes) { return compare(NFT_CMP_NEQ, bytes); }

Bytes meta(std::uint32_t key, NftRegister target) {
  return expression("meta", nft_number(NFTA_META_KEY, key) + register_of(NFTA_META_DREG, target));
}

struct Slice {
  std::uint32_t base;
  std::uint32_t offset;
  std::uint32_t bytes;
};

Bytes payload(const Slice& slice, NftRegister target) {
  return expression("payload", register_of(NFTA_PAYLOAD_DREG, target) + nft_number(NFTA_PAYLOAD_BASE, slice.base) +
                                   nft_number(NFTA_PAYLOAD_OFFSET, slice.offset) +
                                   nft_number(NFTA_PAYLOAD_LEN, slice.bytes));
}

/// The first register with all bits outside of the mask cleared.
Bytes keep_bits(std::string_view mask) {
  return expression("bitwise", register_of(NFTA_BITWISE_SREG, first_register) +
                                   register_of(NFTA_BITWISE_DREG, first_register) +
                                   nft_number(NFTA_BITWISE_LEN, static_cast<std::uint32_t>(mask.size())) +
                                   value(NFTA_BITWISE_MASK, mask) + value(NFTA_BITWISE_XOR, Bytes(mask.size(), '\0')));
}

// The offsets of the addresses in the IP header: RFC 791, section 3.1, and RFC 8200, section 3.
constexpr Slice source_of(cni::Family family) {
  return {NFT_PAYLOAD_NETWORK_HEADER, family == cni::Family::ipv4 ? 12U : 8U, bytes_of_address(family)};
}

constexpr Slice destination_of(cni::Family family) {
  return {NFT_PAYLOAD_NETWORK_HEADER, family == cni::Family::ipv4 ? 16U : 24U, bytes_of_address(family)};
}

Bytes mask_of(const cni::Prefix& prefix) {
  Bytes mask(bytes_of_address(prefix.address.family), '\0');
  for (std::size_t bit = 0; bit < prefix.length; ++bit) {
    mask[bit / 8] = static_cast<char>(static_cast<unsigned char>(mask[bit / 8]) | (0x80U >> (bit % 8)));
  }
  return mask;
}

/// The same expressions as nft creates, so that a saved and reloaded ruleset has equal rules: for a prefix of whole
/// bytes only these bytes are loaded.
Bytes is_in_prefix(Slice slice, const cni::Prefix& prefix) {
  constexpr unsigned bits = 8;
  const auto network = cni::network_of(prefix);
  const bool ends_with_a_byte = network.length > 0 && network.length % bits == 0;
  if (ends_with_a_byte) slice.bytes = network.length / bits;
  auto expressions = payload(slice, first_register);
  if (!ends_with_a_byte) expressions += keep_bits(mask_of(network));
  return expressions + equals(value_of(network.address).substr(0, slice.bytes));
}

Bytes immediate(std::string_view verdict) {
  return expression("immediate", nft_number(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT) +
                                     nft_nest(NFTA_IMMEDIATE_DATA, nft_nest(NFTA_DATA_VERDICT, verdict)));
}

Bytes verdict(int code) { return nft_number(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(code)); }

Bytes verdict(int code, const std::string& chain) { return verdict(code) + nft_text(NFTA_VERDICT_CHAIN, chain); }

/// The flags are always included, so that matches_expressions() can distinguish a rule with other flags.
Bytes lookup(const std::string& set, std::uint32_t flags = 0, std::string_view further = {}) {
  return expression("lookup", (nft_text(NFTA_LOOKUP_SET, set) + register_of(NFTA_LOOKUP_SREG, first_register) +
                               nft_number(NFTA_LOOKUP_FLAGS, flags))
                                  .append(further));
}

std::uint32_t protocol_family(cni::Family family) { return family == cni::Family::ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6; }

}  // namespace

Bytes is_family(cni::Family family) {
  return meta(NFT_META_NFPROTO, first_register) +
         equals(value_of_byte(static_cast<std::uint8_t>(protocol_family(family))));
}

Bytes is_source_in(const cni::Prefix& prefix) { return is_in_prefix(source_of(prefix.address.family), prefix); }

Bytes is_destination_in(const cni::Prefix& prefix) {
  return is_in_prefix(destination_of(prefix.address.family), prefix);
}

Bytes is_input_not(const std::string& interface) {
  return load_input(first_register) + differs(value_of_interface(interface));
}

Bytes is_to_this_host() {
  return expression("fib", register_of(NFTA_FIB_DREG, first_register) +
                               nft_number(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE) +
                               nft_number(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR)) +
         equals(value_of_host_number(RTN_LOCAL));
}

Bytes has_dnat_status() {
  return expression("ct", nft_number(NFTA_CT_KEY, NFT_CT_STATUS) + register_of(NFTA_CT_DREG, first_register)) +
         keep_bits(value_of_host_number(IPS_DST_NAT)) + differs(value_of_host_number(0));
}

Bytes load_source(cni::Family family, NftRegister target) { return payload(source_of(family), target); }

Bytes load_destination(cni::Family family, NftRegister target) { return payload(destination_of(family), target); }

Bytes load_protocol(NftRegister target) { return meta(NFT_META_L4PROTO, target); }

/// The port has the same offset in TCP, UDP and SCTP.
Bytes load_destination_port(NftRegister target) { return payload({NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2}, target); }

Bytes load_input(NftRegister target) { return meta(NFT_META_IIFNAME, target); }

Bytes load_source_mac(NftRegister target) { return payload({NFT_PAYLOAD_LL_HEADER, 6, 6}, target); }

Bytes is_in(const std::string& set) { return lookup(set); }

Bytes is_not_in(const std::string& set) { return lookup(set, NFT_LOOKUP_F_INV); }

Bytes look_up_in_map(const std::string& map) { return lookup(map, 0, register_of(NFTA_LOOKUP_DREG, first_register)); }

Bytes masquerade() { return expression("masq", {}); }

Bytes drop() { return immediate(verdict(NF_DROP)); }

Bytes return_to_caller() { return immediate(verdict(NFT_RETURN)); }

Bytes jump(const std::string& chain) { return immediate(verdict(NFT_JUMP, chain)); }

Bytes go_to(const std::string& chain) { return immediate(verdict(NFT_GOTO, chain)); }

Bytes dnat_to_registers(cni::Family family) {
  return expression("nat", nft_number(NFTA_NAT_TYPE, NFT_NAT_DNAT) +
                               nft_number(NFTA_NAT_FAMILY, protocol_family(family)) +
                               register_of(NFTA_NAT_REG_ADDR_MIN, first_register) +
                               register_of(NFTA_NAT_REG_PROTO_MIN, register_after(bytes_of_address(family))));
}

}  // namespace kernel
