#include "plugin/kernel/probe_socket.hpp"

#include "plugin/kernel/echo_messages.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/kernel/socket_address.hpp"
#include "plugin/kernel/socket_option.hpp"
#include "plugin/posix/system_error.hpp"

#include <linux/errqueue.h>
#include <linux/in6.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace kernel {
namespace {

using Kind = ProbeAnswer::Kind;

bool is_ipv6(const ProbePacket& packet) { return packet.destination.family == cni::Family::ipv6; }

int socket_type(ProbeProtocol protocol) {
  if (protocol == ProbeProtocol::icmp) return SOCK_RAW;
  return protocol == ProbeProtocol::tcp ? SOCK_STREAM : SOCK_DGRAM;
}

int ip_protocol(const ProbePacket& packet) {
  if (packet.protocol != ProbeProtocol::icmp) return 0;
  return is_ipv6(packet) ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP);
}

posix::FileDescriptor new_socket(const ProbePacket& packet) {
  const int type = socket_type(packet.protocol) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  return posix::FileDescriptor{::socket(kernel_family(packet.destination.family), type, ip_protocol(packet))};
}

}  // namespace

ProbeSocket::ProbeSocket(const ProbePacket& packet) : packet_(packet) {}

void ProbeSocket::finish(Kind kind, int error) {
  answer.kind = kind;
  answer.error = error;
  answer.round_trip = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - sent_);
  is_complete_ = true;
}

/// ENOBUFS: an interface dropped the packet. Only sockets with IP_RECVERR report this (net_xmit_errno() in
/// include/linux/netdevice.h).
void ProbeSocket::fail_to_send(int error) {
  if (error == ENOBUFS) return finish(Kind::lost, error);
  finish(error == EMSGSIZE ? Kind::too_big : Kind::not_sent, error);
}

/// The socket listens on the tested address even if the namespace does not have it (IP_FREEBIND): then packets are
/// lost, which is the result of the test.
void ProbeSocket::listen() {
  listener_ = new_socket(packet_);
  if (!listener_) posix::throw_errno("open a probe socket");
  set_option(listener_, is_ipv6(packet_) ? static_cast<int>(IPPROTO_IPV6) : static_cast<int>(IPPROTO_IP),
             is_ipv6(packet_) ? IPV6_FREEBIND : IP_FREEBIND, 1);
  SocketAddress address{packet_.destination, 0};
  const bool is_bound = ::bind(listener_.get(), address.get(), address.size) == 0;
  if (!is_bound) posix::throw_errno("bind a probe socket to " + cni::to_string(packet_.destination));
  if (packet_.protocol == ProbeProtocol::tcp && ::listen(listener_.get(), 1) < 0) posix::throw_errno("listen");
  packet_.port = local_port(listener_.get());
}

bool ProbeSocket::try_bind(std::uint16_t id) {
  id_ = id;
  if (packet_.protocol == ProbeProtocol::icmp) return true;
  SocketAddress any{{.family = packet_.destination.family}, id};
  if (::bind(sender_.get(), any.get(), any.size) == 0) return true;
  if (errno != EADDRINUSE) posix::throw_errno("bind a probe socket");
  return false;
}

void ProbeSocket::open(std::uint16_t id) {
  constexpr std::uint16_t attempts = 16;
  sender_ = new_socket(packet_);
  if (!sender_) posix::throw_errno("open a probe socket");
  queue_icmp_errors(sender_, packet_.destination.family);
  if (!packet_.may_fragment) forbid_fragments(sender_, packet_.destination.family);
  for (std::uint16_t next = 0; next < attempts; ++next) {
    if (try_bind(static_cast<std::uint16_t>(id + next))) return;
  }
  throw posix::system_error(EADDRINUSE, "bind a probe socket");
}

/// A connection is reset at once (SO_LINGER), so that no socket in state TIME_WAIT is left.
void ProbeSocket::connect() {
  constexpr linger reset{.l_onoff = 1, .l_linger = 0};
  if (packet_.protocol == ProbeProtocol::tcp) {
    ::setsockopt(sender_.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  SocketAddress address{packet_.destination, packet_.protocol == ProbeProtocol::icmp ? std::uint16_t{0} : packet_.port};
  if (::connect(sender_.get(), address.get(), address.size) < 0 && errno != EINPROGRESS) {
    if (errno == ECONNREFUSED) return finish(Kind::refused, errno);
    fail_to_send(errno);
  }
}

/// An echo request of `ip_bytes`, or any datagram.
std::string ProbeSocket::message() const {
  if (packet_.protocol != ProbeProtocol::icmp) return "vethctl probe";
  return echo_request(packet_.destination.family, {.id = id_, .sequence = 1}, packet_.ip_bytes);
}

void ProbeSocket::send_datagram() {
  const auto bytes = message();
  if (::send(sender_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0) return;
  const int error = errno;
  if (error != EMSGSIZE || !receive_error()) fail_to_send(error);
}

void ProbeSocket::send() {
  sent_ = std::chrono::steady_clock::now();
  connect();
  if (!is_complete_ && packet_.protocol != ProbeProtocol::tcp) send_datagram();
}

void ProbeSocket::add_to(std::vector<pollfd>& files) const {
  if (is_complete_) return;
  constexpr short readable = POLLIN;
  constexpr short writable = POLLOUT;
  files.push_back({sender_.get(), packet_.protocol == ProbeProtocol::tcp ? writable : readable, 0});
  if (listener_ && packet_.protocol == ProbeProtocol::udp) files.push_back({listener_.get(), readable, 0});
}

/// Reads the queue of ICMP errors; false if it is empty.
bool ProbeSocket::receive_error() {
  std::array<char, 256> buffer{};
  alignas(cmsghdr) std::array<char, 256> control{};
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(sender_.get(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return false;
  const auto* error = find_extended_error(message);
  if (error == nullptr) return false;
  const auto number = static_cast<int>(error->ee_errno);
  answer.reporter = reporter_of(*error);
  answer.mtu = number == EMSGSIZE ? error->ee_info : 0;
  if (number == EMSGSIZE) {
    finish(Kind::too_big, number);
  } else {
    finish(number == ECONNREFUSED ? Kind::refused : Kind::rejected, number);
  }
  return true;
}

void ProbeSocket::receive_connection() {
  int error = 0;
  socklen_t size = sizeof error;
  pollfd file{sender_.get(), POLLOUT, 0};
  if (::poll(&file, 1, 0) <= 0) return;
  if (receive_error() && answer.kind != Kind::refused) return;
  ::getsockopt(sender_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (answer.kind == Kind::refused) return;
  if (error == 0) return finish(Kind::answered);
  finish(error == ECONNREFUSED ? Kind::refused : Kind::rejected, error);
}

/// The queue of ICMP errors contains more than the error of the system call.
void ProbeSocket::finish_with_error(int error) {
  if (!receive_error()) finish(error == ECONNREFUSED ? Kind::refused : Kind::rejected, error);
}

/// A raw socket receives the echo replies of other programs too.
void ProbeSocket::receive_datagram() {
  std::array<char, 256> buffer{};
  for (;;) {
    const auto received = ::recv(sender_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received < 0) return finish_with_error(errno);
    if (packet_.protocol != ProbeProtocol::icmp) return finish(Kind::answered);
    const auto bytes = std::min(static_cast<std::size_t>(received), buffer.size());
    const auto echo = find_echo_reply(packet_.destination.family, {buffer.data(), bytes});
    if (echo && echo->id == id_) return finish(Kind::answered);
  }
}

void ProbeSocket::echo() const {
  std::array<char, 256> buffer{};
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  auto* address = reinterpret_cast<sockaddr*>(&from);
  const auto received = ::recvfrom(listener_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT, address, &size);
  if (received > 0) ::sendto(listener_.get(), buffer.data(), static_cast<std::size_t>(received), 0, address, size);
}

void ProbeSocket::receive() {
  if (is_complete_) return;
  if (packet_.protocol == ProbeProtocol::tcp) return receive_connection();
  if (listener_) echo();
  receive_datagram();
}

}  // namespace kernel
