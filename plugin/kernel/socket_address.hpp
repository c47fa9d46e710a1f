#pragma once

#include "plugin/cni/address.hpp"

#include <sys/socket.h>

#include <cstdint>
#include <optional>

namespace kernel {

/// An address and a port as the socket functions of the kernel need them.
struct SocketAddress {
  SocketAddress(const cni::IpAddress& address, std::uint16_t port);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }

  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// nullopt if it is of another family than IPv4 and IPv6.
std::optional<cni::IpAddress> find_address(const sockaddr& address);

/// The port that a socket is bound to. Throws std::system_error.
std::uint16_t local_port(int socket);

}  // namespace kernel
