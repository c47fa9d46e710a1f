#include "plugin/kernel/socket_address.hpp"

#include "plugin/posix/system_error.hpp"

#include <netinet/in.h>

#include <cstring>

namespace kernel {

SocketAddress::SocketAddress(const cni::IpAddress& address, std::uint16_t port) {
  const auto bytes = cni::to_bytes(address);
  if (address.family == cni::Family::ipv4) {
    sockaddr_in value{};
    value.sin_family = AF_INET;
    value.sin_port = htons(port);
    std::memcpy(&value.sin_addr, bytes.data(), sizeof value.sin_addr);
    std::memcpy(&storage, &value, size = sizeof value);
  } else {
    sockaddr_in6 value{};
    value.sin6_family = AF_INET6;
    value.sin6_port = htons(port);
    std::memcpy(&value.sin6_addr, bytes.data(), sizeof value.sin6_addr);
    std::memcpy(&storage, &value, size = sizeof value);
  }
}

std::optional<cni::IpAddress> find_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& value = reinterpret_cast<const sockaddr_in&>(address).sin_addr;
    return cni::from_bytes(cni::Family::ipv4, reinterpret_cast<const std::uint8_t*>(&value));
  }
  if (address.sa_family != AF_INET6) return std::nullopt;
  const auto& value = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  return cni::from_bytes(cni::Family::ipv6, reinterpret_cast<const std::uint8_t*>(&value));
}

std::uint16_t local_port(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) < 0) {
    posix::throw_errno("get the port of a socket");
  }
  if (storage.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
  return ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
}

}  // namespace kernel
