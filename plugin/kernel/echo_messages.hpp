#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct msghdr;
struct sock_extended_err;

// Raw sockets that send ICMP echo requests, and what they send and receive.
namespace kernel {

/// What a reply has in common with its request.
struct EchoId {
  std::uint16_t id = 0;
  std::uint16_t sequence = 0;

  bool operator==(const EchoId&) const = default;
};

/// An echo request without its IP header. `ip_bytes` is the size with it; it is at least that of the headers.
std::string echo_request(cni::Family family, const EchoId& echo, std::uint32_t ip_bytes);

/// nullopt if what a raw socket has received is not an echo reply. A socket for IPv4 receives the IP header too.
std::optional<EchoId> find_echo_reply(cni::Family family, std::string_view datagram);

/// The same for an echo request, as an ICMP error contains it: at least its first 8 bytes.
std::optional<EchoId> find_echo_request(cni::Family family, std::string_view message);

// Options of sockets of the family. Each throws std::system_error.

/// ICMP errors are queued with the address of their sender (IP_RECVERR in ip(7)).
void queue_icmp_errors(const posix::FileDescriptor& socket, cni::Family family);
/// Packets are not fragmented, whatever path MTU the kernel has learned (IP_PMTUDISC_PROBE).
void forbid_fragments(const posix::FileDescriptor& socket, cni::Family family);

/// The error of a message from the queue; null: it has none.
const sock_extended_err* find_extended_error(msghdr& message);

/// The sender of the ICMP error; nullopt: it is unknown, or this node.
std::optional<cni::IpAddress> reporter_of(const sock_extended_err& error);

}  // namespace kernel
