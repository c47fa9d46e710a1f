#include "plugin/kernel/echo_messages.hpp"

#include "plugin/kernel/packet_headers.hpp"
#include "plugin/kernel/socket_address.hpp"
#include "plugin/kernel/socket_option.hpp"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace kernel {
namespace {

constexpr std::size_t icmp_header_bytes = 8;
constexpr std::uint32_t ipv4_header_bytes = 20;

/// The Internet checksum (RFC 1071). The kernel computes that of ICMPv6.
std::uint16_t checksum(const std::string& bytes) {
  constexpr unsigned word_bits = 16;
  constexpr std::uint32_t word_mask = 0xffff;
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    std::uint16_t word = 0;
    std::memcpy(&word, bytes.data() + i, std::min<std::size_t>(2, bytes.size() - i));
    sum += word;
  }
  while (sum >> word_bits != 0) sum = (sum & word_mask) + (sum >> word_bits);
  return static_cast<std::uint16_t>(~sum);
}

std::optional<EchoId> find_echo(std::string_view message, int type) {
  icmphdr header{};
  if (message.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, message.data(), sizeof header);
  if (header.type != type) return std::nullopt;
  return EchoId{.id = ntohs(header.un.echo.id), .sequence = ntohs(header.un.echo.sequence)};
}

}  // namespace

std::string echo_request(cni::Family family, const EchoId& echo, std::uint32_t ip_bytes) {
  const bool is_ipv6 = family == cni::Family::ipv6;
  const auto headers = (is_ipv6 ? ipv6_header_bytes : ipv4_header_bytes) + icmp_header_bytes;
  std::string bytes(icmp_header_bytes + (std::max<std::size_t>(ip_bytes, headers) - headers), '\0');
  icmphdr header{};
  header.type = is_ipv6 ? static_cast<std::uint8_t>(ICMPV6_ECHO_REQUEST) : std::uint8_t{ICMP_ECHO};
  header.un.echo.id = htons(echo.id);
  header.un.echo.sequence = htons(echo.sequence);
  std::memcpy(bytes.data(), &header, sizeof header);
  if (is_ipv6) return bytes;
  header.checksum = checksum(bytes);
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

std::optional<EchoId> find_echo_reply(cni::Family family, std::string_view datagram) {
  constexpr unsigned low_bits = 0x0f;
  constexpr std::size_t word = 4;
  if (family == cni::Family::ipv6) return find_echo(datagram, ICMPV6_ECHO_REPLY);
  if (datagram.empty()) return std::nullopt;
  const auto ip_header_bytes = (static_cast<unsigned char>(datagram.front()) & low_bits) * word;
  return find_echo(datagram.substr(std::min(ip_header_bytes, datagram.size())), ICMP_ECHOREPLY);
}

std::optional<EchoId> find_echo_request(cni::Family family, std::string_view message) {
  return find_echo(message, family == cni::Family::ipv6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO);
}

void queue_icmp_errors(const posix::FileDescriptor& socket, cni::Family family) {
  if (family == cni::Family::ipv6) return set_option(socket, IPPROTO_IPV6, IPV6_RECVERR, 1);
  set_option(socket, IPPROTO_IP, IP_RECVERR, 1);
}

void forbid_fragments(const posix::FileDescriptor& socket, cni::Family family) {
  if (family == cni::Family::ipv4) return set_option(socket, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  set_option(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
  set_option(socket, IPPROTO_IPV6, IPV6_DONTFRAG, 1);
}

const sock_extended_err* find_extended_error(msghdr& message) {
  for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    const bool is_error = (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
                          (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR);
    if (is_error) return reinterpret_cast<const sock_extended_err*>(CMSG_DATA(part));
  }
  return nullptr;
}

std::optional<cni::IpAddress> reporter_of(const sock_extended_err& error) {
  if (error.ee_origin == SO_EE_ORIGIN_LOCAL) return std::nullopt;
  return find_address(*SO_EE_OFFENDER(&error));
}

}  // namespace kernel
