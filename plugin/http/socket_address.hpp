#pragma once

#include "plugin/http/endpoint.hpp"

#include <sys/socket.h>

namespace http {

/// An address for connect() and bind().
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }  // NOLINT(*-reinterpret-cast)
};

SocketAddress socket_address(const Endpoint& endpoint);

}  // namespace http
