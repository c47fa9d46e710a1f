#include "plugin/kernel/packet_capture.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using kernel::ProbeProtocol;

const std::vector<std::uint16_t> probe_ids{0x1234};

/// An IP header without options, and the bytes after it.
std::string ip_packet(int version, char protocol, const std::string& payload) {
  std::string header(version == 4 ? 20 : 40, '\0');
  header[0] = version == 4 ? '\x45' : '\x60';
  header[version == 4 ? 9 : 6] = protocol;
  return header + payload;
}

std::string ports(const std::string& source, const std::string& destination) {
  return source + destination + std::string(4, '\0');
}

std::string echo(char type) { return std::string{type} + std::string(3, '\0') + "\x12\x34" + std::string(2, '\0'); }

const std::string id = "\x12\x34";
const std::string other_port{"\x00\x50", 2};

std::string found(const std::string& bytes) {
  const auto packet = kernel::find_packet(bytes, probe_ids);
  if (!packet) return "none";
  constexpr std::array protocols{"icmp", "tcp", "udp"};
  return std::string{protocols.at(static_cast<std::size_t>(packet->protocol))} +
         (packet->family == cni::Family::ipv4 ? " ipv4" : " ipv6") + (packet->is_answer ? " answer" : " request");
}

TEST(PacketCapture, RecognisesPacketsAndAnswers) {
  EXPECT_EQ(found(ip_packet(4, 1, echo(8))), "icmp ipv4 request");
  EXPECT_EQ(found(ip_packet(4, 1, echo(0))), "icmp ipv4 answer");
  EXPECT_EQ(found(ip_packet(6, 58, echo('\x80'))), "icmp ipv6 request");
  EXPECT_EQ(found(ip_packet(6, 58, echo('\x81'))), "icmp ipv6 answer");
  EXPECT_EQ(found(ip_packet(4, 6, ports(id, other_port))), "tcp ipv4 request");
  EXPECT_EQ(found(ip_packet(6, 17, ports(other_port, id))), "udp ipv6 answer");
}

TEST(PacketCapture, IgnoresOtherPackets) {
  EXPECT_EQ(found(ip_packet(4, 6, ports(other_port, other_port))), "none");
  EXPECT_EQ(found(ip_packet(4, 47, ports(id, other_port))), "none");
  EXPECT_EQ(found(ip_packet(4, 6, id)), "none");
  EXPECT_EQ(found(""), "none");
}

TEST(PacketCapture, FiltersByEachNumberAtEachOffset) {
  const std::vector<std::uint16_t> two{1, 2};
  const auto program = kernel::accept_ids(two);
  EXPECT_EQ(program.size(), 6U + 3U * (1U + 2U * 2U) + 1U);
  EXPECT_EQ(program.back().k, 0U);
}

}  // namespace
