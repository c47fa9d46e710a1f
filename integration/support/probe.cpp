#include "integration/support/probe.hpp"

#include "integration/support/slowness.hpp"
#include "plugin/posix/system_error.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>

namespace support {
namespace {

int domain_of(int family) { return family == 6 ? AF_INET6 : AF_INET; }

sockaddr_in6 address6(const std::string& text, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = port;
  if (::inet_pton(AF_INET6, text.c_str(), &address.sin6_addr) != 1)
    throw std::invalid_argument("not an IPv6 address: " + text);
  return address;
}

sockaddr_in address4(const std::string& text, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = port;
  if (::inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1)
    throw std::invalid_argument("not an IPv4 address: " + text);
  return address;
}

// Binds to all addresses and a port that the kernel chooses. Returns the port.
template <class Address>
std::uint16_t bind_anywhere(int socket, Address address, std::uint16_t Address::*port) {
  socklen_t size = sizeof address;
  auto* bytes = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket, bytes, size) < 0) posix::throw_errno("bind a socket");
  if (::getsockname(socket, bytes, &size) < 0) posix::throw_errno("get the port of a socket");
  return address.*port;
}

template <class Address>
bool send_to(int socket, const Address& address) {
  const char byte = 'x';
  return ::sendto(socket, &byte, 1, 0, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 1;
}

// Discards datagrams of earlier calls that arrived late.
void discard_received(int socket) {
  std::array<char, 8> buffer{};
  while (::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) {
  }
}

}  // namespace

Probe::Probe(const Namespace& from, const Namespace& to, int family)
    : family_(family),
      sender_(socket_in(from, domain_of(family), SOCK_DGRAM, 0)),
      receiver_(socket_in(to, domain_of(family), SOCK_DGRAM, 0)),
      port_(family == 6 ? bind_anywhere(receiver_.get(), address6("::", 0), &sockaddr_in6::sin6_port)
                        : bind_anywhere(receiver_.get(), address4("0.0.0.0", 0), &sockaddr_in::sin_port)) {}

bool Probe::arrives(const std::string& address, std::chrono::milliseconds timeout) const {
  discard_received(receiver_.get());
  const bool sent = family_ == 6 ? send_to(sender_.get(), address6(address, port_))
                                 : send_to(sender_.get(), address4(address, port_));
  pollfd waiting{receiver_.get(), POLLIN, 0};
  return sent && ::poll(&waiting, 1, static_cast<int>(timeout.count()) * slowness()) == 1 &&
         (waiting.revents & POLLIN) != 0;
}

}  // namespace support
