#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace support {

/// An IPv4 or IPv6 address and a port, as system calls take them.
struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = sizeof bytes;

  /// Throws std::invalid_argument if the text is not an address.
  SocketAddress(const std::string& address, std::uint16_t port);

  /// To be filled by a system call.
  SocketAddress() = default;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&bytes); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }

  /// AF_INET or AF_INET6.
  int domain() const { return bytes.ss_family; }

  /// The address without the port: "10.1.2.3".
  std::string address() const;
};

}  // namespace support
