#include "integration/support/client.hpp"

#include "integration/support/slowness.hpp"
#include "integration/support/socket_address.hpp"
#include "plugin/posix/system_error.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <system_error>

namespace support {
namespace {

using std::chrono::milliseconds;

int number_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::udp:
      return IPPROTO_UDP;
    case Protocol::sctp:
      return IPPROTO_SCTP;
    case Protocol::tcp:
      break;
  }
  return IPPROTO_TCP;
}

int type_of(Protocol protocol) { return protocol == Protocol::udp ? SOCK_DGRAM : SOCK_STREAM; }

bool wait_for_event(int socket, short event, milliseconds timeout) {
  pollfd waiting{socket, event, 0};
  return ::poll(&waiting, 1, static_cast<int>(timeout.count()) * slowness()) == 1;
}

std::string receive(int socket, milliseconds timeout) {
  std::array<char, 64> text{};
  if (!wait_for_event(socket, POLLIN, timeout)) return {};
  const auto length = ::recv(socket, text.data(), text.size(), 0);
  return length > 0 ? std::string{text.data(), static_cast<std::size_t>(length)} : std::string{};
}

std::string seen_by_connection(const Namespace& from, const Target& target, milliseconds timeout) {
  const SocketAddress there{target.address, target.port};
  const auto socket =
      socket_in(from, there.domain(), type_of(target.protocol) | SOCK_NONBLOCK, number_of(target.protocol));
  static_cast<void>(::connect(socket.get(), there.get(), there.size));
  return wait_for_event(socket.get(), POLLOUT, timeout) ? receive(socket.get(), timeout) : "";
}

}  // namespace

std::string name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::udp:
      return "udp";
    case Protocol::sctp:
      return "sctp";
    case Protocol::tcp:
      break;
  }
  return "tcp";
}

bool is_supported(Protocol protocol) {
  return static_cast<bool>(posix::FileDescriptor{::socket(AF_INET, type_of(protocol), number_of(protocol))});
}

UdpClient::UdpClient(const Namespace& from, const std::string& address, std::uint16_t port) {
  const SocketAddress target{address, port};
  socket_ = socket_in(from, target.domain(), SOCK_DGRAM, IPPROTO_UDP);
  if (::connect(socket_.get(), target.get(), target.size) < 0) posix::throw_errno("connect to " + address);
}

// After a refused datagram the next call on the socket fails with that error, so the send is repeated once.
std::string UdpClient::seen_as(milliseconds timeout) const {
  const char question = '?';
  if (::send(socket_.get(), &question, 1, 0) < 0 && ::send(socket_.get(), &question, 1, 0) < 0) return {};
  return receive(socket_.get(), timeout);
}

// Without a route to the target connect fails: the target is not reached.
std::string seen_as(const Namespace& from, const Target& target, milliseconds timeout) {
  if (target.protocol != Protocol::udp) return seen_by_connection(from, target, timeout);
  try {
    return UdpClient{from, target.address, target.port}.seen_as(timeout);
  } catch (const std::system_error&) {
    return {};
  }
}

}  // namespace support
