#include "plugin/kernel/packet_capture.hpp"

#include "plugin/kernel/packet_headers.hpp"
#include "plugin/posix/system_error.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

namespace kernel {
namespace {

constexpr std::uint32_t accepted_bytes = 128;
constexpr std::size_t ipv4_protocol_offset = 9;
constexpr std::size_t ipv6_protocol_offset = 6;

sock_filter instruction(unsigned code, std::uint32_t operand, std::uint8_t if_true = 0, std::uint8_t if_false = 0) {
  return {.code = static_cast<std::uint16_t>(code), .jt = if_true, .jf = if_false, .k = operand};
}

std::uint8_t byte_at(std::string_view bytes, std::size_t offset) { return static_cast<std::uint8_t>(bytes[offset]); }

std::uint16_t half_at(std::string_view bytes, std::size_t offset) {
  constexpr unsigned byte_bits = 8;
  return static_cast<std::uint16_t>(byte_at(bytes, offset) << byte_bits | byte_at(bytes, offset + 1));
}

/// Fills in number and direction from the header after the IP header.
std::optional<CapturedPacket> find_in_transport(CapturedPacket packet, int protocol, std::string_view header,
                                                std::span<const std::uint16_t> ids) {
  constexpr std::uint8_t echo_reply = 0;
  constexpr std::uint8_t echo_reply_ipv6 = 129;
  const bool is_icmp = protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
  if (!is_icmp && protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) return std::nullopt;
  const auto is_known = [&](std::uint16_t id) { return std::ranges::find(ids, id) != ids.end(); };
  if (is_icmp) {
    packet.id = half_at(header, id_offsets[2]);
    packet.is_answer = byte_at(header, 0) == (protocol == IPPROTO_ICMP ? echo_reply : echo_reply_ipv6);
  } else {
    packet.protocol = protocol == IPPROTO_TCP ? ProbeProtocol::tcp : ProbeProtocol::udp;
    packet.is_answer = !is_known(half_at(header, id_offsets[0]));
    packet.id = half_at(header, id_offsets[packet.is_answer ? 1 : 0]);
  }
  return is_known(packet.id) ? std::optional{packet} : std::nullopt;
}

std::string interface_name(int socket, int index) {
  ifreq request{};
  request.ifr_ifindex = index;
  return ::ioctl(socket, SIOCGIFNAME, &request) < 0 ? std::to_string(index) : std::string{request.ifr_name};
}

std::int64_t time_of(msghdr& message) {
  constexpr std::int64_t second = 1'000'000'000;
  for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec time{};
    std::memcpy(&time, CMSG_DATA(part), sizeof time);
    return time.tv_sec * second + time.tv_nsec;
  }
  return 0;
}

}  // namespace

/// The number is looked for at each of the three offsets of the header after the IP header, whatever the protocol is.
/// A load beyond the end of the packet rejects it.
std::vector<sock_filter> accept_ids(std::span<const std::uint16_t> ids) {
  constexpr unsigned load_byte = BPF_LD | BPF_B | BPF_ABS;
  constexpr std::uint32_t version_shift = 4;
  std::vector<sock_filter> program{
      instruction(load_byte, 0),
      instruction(BPF_ALU | BPF_RSH | BPF_K, version_shift),
      instruction(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 2),
      instruction(BPF_LDX | BPF_B | BPF_MSH, 0),
      instruction(BPF_JMP | BPF_JA, 1),
      instruction(BPF_LDX | BPF_IMM, ipv6_header_bytes),
  };
  for (const auto offset : id_offsets) {
    program.push_back(instruction(BPF_LD | BPF_H | BPF_IND, offset));
    for (const auto id : ids) {
      program.push_back(instruction(BPF_JMP | BPF_JEQ | BPF_K, id, 0, 1));
      program.push_back(instruction(BPF_RET | BPF_K, accepted_bytes));
    }
  }
  program.push_back(instruction(BPF_RET | BPF_K, 0));
  return program;
}

std::optional<CapturedPacket> find_packet(std::string_view bytes, std::span<const std::uint16_t> ids) {
  constexpr unsigned half_byte = 4;
  constexpr unsigned low_bits = 0x0f;
  constexpr std::size_t word = 4;
  constexpr std::size_t shortest = 8;  ///< of a header after the IP header
  if (bytes.empty()) return std::nullopt;
  const bool is_ipv6 = byte_at(bytes, 0) >> half_byte == 6;
  const auto start = is_ipv6 ? ipv6_header_bytes : (byte_at(bytes, 0) & low_bits) * word;
  if (bytes.size() < start + shortest) return std::nullopt;
  CapturedPacket packet{.family = is_ipv6 ? cni::Family::ipv6 : cni::Family::ipv4};
  const int protocol = byte_at(bytes, is_ipv6 ? ipv6_protocol_offset : ipv4_protocol_offset);
  return find_in_transport(packet, protocol, bytes.substr(start), ids);
}

PacketCapture::PacketCapture(std::vector<std::uint16_t> ids)
    : ids_(std::move(ids)), socket_(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL))) {
  if (!socket_) posix::throw_errno("open a socket that captures packets");
  auto program = accept_ids(ids_);
  const sock_fprog filter{.len = static_cast<std::uint16_t>(program.size()), .filter = program.data()};
  constexpr int on = 1;
  if (::setsockopt(socket_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 ||
      ::setsockopt(socket_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0) {
    posix::throw_errno("set up a socket that captures packets");
  }
}

/// nullopt if there is none; a packet with id 0 is not of a probe.
std::optional<CapturedPacket> PacketCapture::receive() const {
  std::array<char, accepted_bytes> buffer{};
  alignas(cmsghdr) std::array<char, 128> control{};
  sockaddr_ll link{};
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = &link;
  message.msg_namelen = sizeof link;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto received = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT);
  if (received < 0) return std::nullopt;
  auto packet = find_packet({buffer.data(), static_cast<std::size_t>(received)}, ids_).value_or(CapturedPacket{});
  packet.time_ns = time_of(message);
  packet.interface = interface_name(socket_.get(), link.sll_ifindex);
  packet.is_outgoing = link.sll_pkttype == PACKET_OUTGOING;
  return packet;
}

std::vector<CapturedPacket> PacketCapture::read() const {
  std::vector<CapturedPacket> packets;
  while (auto packet = receive()) {
    if (packet->id != 0) packets.push_back(*std::move(packet));
  }
  return packets;
}

}  // namespace kernel
