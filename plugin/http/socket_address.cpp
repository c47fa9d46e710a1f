#include "plugin/http/socket_address.hpp"

#include <netinet/in.h>

#include <cstring>

namespace http {

SocketAddress socket_address(const Endpoint& endpoint) {
  SocketAddress result;
  const auto bytes = cni::to_bytes(endpoint.address);
  if (endpoint.address.family == cni::Family::ipv4) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    std::memcpy(&address.sin_addr, bytes.data(), sizeof address.sin_addr);
    std::memcpy(&result.storage, &address, sizeof address);
    result.size = sizeof address;
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(endpoint.port);
    std::memcpy(&address.sin6_addr, bytes.data(), sizeof address.sin6_addr);
    std::memcpy(&result.storage, &address, sizeof address);
    result.size = sizeof address;
  }
  return result;
}

}  // namespace http
