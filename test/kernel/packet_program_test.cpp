#include "plugin/kernel/packet_program.hpp"

#include "test/support/addresses.hpp"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::ip;

/// A frame as a filter sees it: the protocol and VLAN beside the bytes.
struct TestPacket {
  std::string name;
  std::uint32_t protocol = 0;
  std::uint32_t vlan = 0;
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(64, 0);
};

void put(TestPacket& packet, std::size_t offset, const char* address) {
  const auto value = ip(address);
  const auto bytes = cni::to_bytes(value);
  std::copy_n(bytes.begin(), cni::address_length(value.family) / 8,
              packet.bytes.begin() + ETH_HLEN + static_cast<std::ptrdiff_t>(offset));
}

TestPacket ipv4(const char* source, const char* destination) {
  TestPacket packet{std::string{source} + " to " + destination, ETH_P_IP};
  put(packet, 12, source);
  put(packet, 16, destination);
  return packet;
}

TestPacket ipv6(const char* source) {
  TestPacket packet{source, ETH_P_IPV6};
  put(packet, 8, source);
  return packet;
}

TestPacket arp(const char* sender) {
  TestPacket packet{std::string{"ARP of "} + sender, ETH_P_ARP};
  put(packet, 14, sender);
  return packet;
}

std::uint32_t loaded(const TestPacket& packet, std::uint32_t offset) {
  if (offset == static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL)) return packet.protocol;
  if (offset == static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_VLAN_TAG)) return packet.vlan;
  std::uint32_t word = 0;
  for (std::size_t i = offset; i < offset + 4; ++i) word = (word << 8U) | packet.bytes.at(i);
  return word;
}

/// The verdict of a program, by the instructions that programs here are made of.
int verdict(const kernel::PacketProgram& program, const TestPacket& packet) {
  std::uint32_t word = 0;
  for (std::size_t i = 0;; ++i) {
    const auto& instruction = program.at(i);
    switch (instruction.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        word = loaded(packet, instruction.k);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        word &= instruction.k;
        break;
      case BPF_JMP | BPF_JA:
        i += instruction.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        i += word == instruction.k ? instruction.jt : instruction.jf;
        break;
      default:
        return static_cast<int>(instruction.k);
    }
  }
}

struct PacketVerdict {
  TestPacket packet;
  int verdict = 0;
};

void expect_verdicts(const kernel::PacketProgram& program, const std::vector<PacketVerdict>& verdicts) {
  for (const auto& [packet, wanted] : verdicts) EXPECT_EQ(verdict(program, packet), wanted) << packet.name;
}

TEST(PacketProgram, AcceptsTheSourcesOnly) {
  const auto program = kernel::accept_sources({ip("10.1.2.5"), ip("10.9.0.5"), ip("fd00::5"), ip("fe80::5")});
  expect_verdicts(program, {{ipv4("10.1.2.5", "8.8.8.8"), TC_ACT_OK},
                            {ipv4("10.9.0.5", "8.8.8.8"), TC_ACT_OK},
                            {ipv4("10.1.2.6", "8.8.8.8"), TC_ACT_UNSPEC},
                            {ipv4("0.0.0.0", "255.255.255.255"), TC_ACT_UNSPEC},
                            {ipv4("10.1.2.5", "127.0.0.1"), TC_ACT_SHOT},
                            {ipv6("fd00::5"), TC_ACT_OK},
                            {ipv6("fe80::5"), TC_ACT_OK},
                            {ipv6("::"), TC_ACT_OK},
                            {ipv6("fd00::6"), TC_ACT_UNSPEC},
                            {ipv6("fd00:0:0:1::5"), TC_ACT_UNSPEC},
                            {arp("10.1.2.5"), TC_ACT_OK},
                            {arp("0.0.0.0"), TC_ACT_OK},
                            {arp("10.1.2.1"), TC_ACT_UNSPEC},
                            {{"LLDP", 0x88cc}, TC_ACT_UNSPEC}});
}

TEST(PacketProgram, DropsLoopbackOnly) {
  expect_verdicts(kernel::drop_loopback(), {{ipv4("127.0.0.1", "10.1.2.1"), TC_ACT_SHOT},
                                            {ipv4("10.1.2.5", "127.9.9.9"), TC_ACT_SHOT},
                                            {ipv4("10.1.2.5", "128.0.0.1"), TC_ACT_UNSPEC},
                                            {ipv4("126.255.255.255", "10.1.2.1"), TC_ACT_UNSPEC},
                                            {ipv6("::1"), TC_ACT_UNSPEC},
                                            {{"tag within a tag of VLAN 0", ETH_P_8021Q}, TC_ACT_SHOT},
                                            {{"tag within a tag of VLAN 5", ETH_P_8021Q, 5}, TC_ACT_UNSPEC}});
}

TEST(PacketProgram, DropsWhatHasAnAddress) {
  expect_verdicts(kernel::drop_addressed(), {{ipv4("10.1.2.5", "8.8.8.8"), TC_ACT_SHOT},
                                             {ipv6("fd00::5"), TC_ACT_SHOT},
                                             {arp("10.1.2.5"), TC_ACT_SHOT},
                                             {{"LLDP", 0x88cc}, TC_ACT_UNSPEC},
                                             {{"tag within a tag of VLAN 0", ETH_P_8021AD}, TC_ACT_SHOT},
                                             {{"tag within a tag of VLAN 5", ETH_P_8021AD, 5}, TC_ACT_UNSPEC}});
}

/// A conditional jump reaches 255 instructions.
TEST(PacketProgram, HoldsManySources) {
  std::vector<cni::IpAddress> sources;
  for (int i = 1; i < 200; ++i) sources.push_back(ip(("fd00::" + std::to_string(i)).c_str()));
  expect_verdicts(
      kernel::accept_sources(sources),
      {{ipv6("fd00::199"), TC_ACT_OK}, {ipv6("fd00::200"), TC_ACT_UNSPEC}, {arp("10.1.2.5"), TC_ACT_UNSPEC}});
}

}  // namespace
