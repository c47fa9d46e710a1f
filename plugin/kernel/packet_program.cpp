#include "plugin/kernel/packet_program.hpp"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <array>

namespace kernel {
namespace {

constexpr std::uint32_t next_filter = static_cast<std::uint32_t>(TC_ACT_UNSPEC);

// Offsets with the Ethernet header: RFC 791, RFC 8200, RFC 826.
constexpr std::uint32_t network_header = ETH_HLEN;
constexpr std::uint32_t ipv4_source = network_header + 12;
constexpr std::uint32_t ipv4_destination = network_header + 16;
constexpr std::uint32_t ipv6_source = network_header + 8;
constexpr std::uint32_t arp_sender = network_header + 14;

constexpr std::uint32_t loopback_mask = 0xff000000;
constexpr std::uint32_t loopback_network = 0x7f000000;

sock_filter statement(unsigned code, std::uint32_t operand) {
  return {.code = static_cast<std::uint16_t>(code), .jt = 0, .jf = 0, .k = operand};
}

sock_filter load(std::uint32_t offset) { return statement(BPF_LD | BPF_W | BPF_ABS, offset); }
sock_filter load_metadata(int number) { return load(static_cast<std::uint32_t>(SKF_AD_OFF + number)); }
sock_filter mask(std::uint32_t bits) { return statement(BPF_ALU | BPF_AND | BPF_K, bits); }
sock_filter end(std::uint32_t verdict) { return statement(BPF_RET | BPF_K, verdict); }

/// The next `count` instructions are only for packets in which the loaded word is `value`.
sock_filter unless_equal_skip(std::uint32_t value, std::size_t count) {
  auto jump = statement(BPF_JMP | BPF_JEQ | BPF_K, value);
  jump.jf = static_cast<std::uint8_t>(count);
  return jump;
}

/// The instructions from here to end_if() are only for packets in which the loaded word is `value`. There may be many:
/// a conditional jump skips at most 255 instructions, an unconditional one any number.
std::size_t begin_if_equal(PacketProgram& program, std::uint32_t value) {
  program.push_back(unless_equal_skip(value, 1));
  program.push_back(statement(BPF_JMP | BPF_JA, 1));
  program.push_back(statement(BPF_JMP | BPF_JA, 0));
  return program.size();
}

void end_if(PacketProgram& program, std::size_t begin) {
  program[begin - 1].k = static_cast<std::uint32_t>(program.size() - begin);
}

std::size_t begin_if_protocol(PacketProgram& program, std::uint32_t protocol) {
  program.push_back(load_metadata(SKF_AD_PROTOCOL));
  return begin_if_equal(program, protocol);
}

void drop_if_loopback(PacketProgram& program, std::uint32_t offset) {
  program.insert(program.end(),
                 {load(offset), mask(loopback_mask), unless_equal_skip(loopback_network, 1), end(TC_ACT_SHOT)});
}

/// Two VLAN tags of number 0 hide the protocol from a filter, and the kernel removes both
/// (__netif_receive_skb_core() in net/core/dev.c).
void drop_hidden_protocols(PacketProgram& program) {
  constexpr std::uint32_t vlan_number = 0xfff;
  for (const auto protocol : {std::uint32_t{ETH_P_8021Q}, std::uint32_t{ETH_P_8021AD}}) {
    const auto begin = begin_if_protocol(program, protocol);
    program.insert(program.end(),
                   {load_metadata(SKF_AD_VLAN_TAG), mask(vlan_number), unless_equal_skip(0, 1), end(TC_ACT_SHOT)});
    end_if(program, begin);
  }
}

/// In host byte order, as the kernel loads it.
std::uint32_t word_of(const std::array<std::uint8_t, 16>& bytes, std::size_t number) {
  std::uint32_t word = 0;
  for (std::size_t index = 4 * number; index < 4 * number + 4; ++index) word = (word << 8U) | bytes[index];
  return word;
}

void accept_if_equal(PacketProgram& program, std::uint32_t offset, const cni::IpAddress& address) {
  const auto bytes = cni::to_bytes(address);
  const std::size_t words = cni::address_length(address.family) / 32;
  for (std::size_t number = 0; number < words; ++number) {
    const auto rest = 2 * (words - number) - 1;
    program.push_back(load(offset + static_cast<std::uint32_t>(4 * number)));
    program.push_back(unless_equal_skip(word_of(bytes, number), rest));
  }
  program.push_back(end(TC_ACT_OK));
}

/// Accepts packets that have one of the addresses of the family at the offset.
void accept_any(PacketProgram& program, std::uint32_t offset, const std::vector<cni::IpAddress>& addresses,
                cni::Family family) {
  for (const auto& address : addresses) {
    if (address.family == family) accept_if_equal(program, offset, address);
  }
}

constexpr std::size_t usual_instructions = 64;

}  // namespace

PacketProgram drop_loopback() {
  PacketProgram program;
  program.reserve(usual_instructions);
  drop_hidden_protocols(program);
  const auto begin = begin_if_protocol(program, ETH_P_IP);
  drop_if_loopback(program, ipv4_source);
  drop_if_loopback(program, ipv4_destination);
  end_if(program, begin);
  program.push_back(end(next_filter));
  return program;
}

PacketProgram accept_sources(const std::vector<cni::IpAddress>& sources) {
  constexpr auto ipv4 = cni::Family::ipv4;
  constexpr auto ipv6 = cni::Family::ipv6;
  PacketProgram program;
  program.reserve(usual_instructions);
  auto begin = begin_if_protocol(program, ETH_P_IP);
  drop_if_loopback(program, ipv4_destination);
  accept_any(program, ipv4_source, sources, ipv4);
  end_if(program, begin);
  begin = begin_if_protocol(program, ETH_P_IPV6);
  accept_any(program, ipv6_source, sources, ipv6);
  accept_if_equal(program, ipv6_source, {ipv6, 0});
  end_if(program, begin);
  begin = begin_if_protocol(program, ETH_P_ARP);
  accept_any(program, arp_sender, sources, ipv4);
  accept_if_equal(program, arp_sender, {ipv4, 0});
  end_if(program, begin);
  program.push_back(end(next_filter));
  return program;
}

PacketProgram drop_addressed() {
  PacketProgram program;
  program.reserve(usual_instructions);
  drop_hidden_protocols(program);
  for (const auto protocol : {std::uint32_t{ETH_P_IP}, std::uint32_t{ETH_P_IPV6}, std::uint32_t{ETH_P_ARP}}) {
    const auto begin = begin_if_protocol(program, protocol);
    program.push_back(end(TC_ACT_SHOT));
    end_if(program, begin);
  }
  program.push_back(end(next_filter));
  return program;
}

}  // namespace kernel
