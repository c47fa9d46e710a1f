#include "integration/support/socket_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <stdexcept>

namespace support {

SocketAddress::SocketAddress(const std::string& address, std::uint16_t port) {
  auto& ipv4 = reinterpret_cast<sockaddr_in&>(bytes);
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(bytes);
  if (::inet_pton(AF_INET, address.c_str(), &ipv4.sin_addr) == 1) {
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    size = sizeof ipv4;
  } else if (::inet_pton(AF_INET6, address.c_str(), &ipv6.sin6_addr) == 1) {
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(port);
    size = sizeof ipv6;
  } else {
    throw std::invalid_argument("not an IP address: " + address);
  }
}

std::string SocketAddress::address() const {
  const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(bytes);
  const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(bytes);
  const void* host = domain() == AF_INET ? static_cast<const void*>(&ipv4.sin_addr) : &ipv6.sin6_addr;
  std::array<char, INET6_ADDRSTRLEN> text{};
  const char* written = ::inet_ntop(domain(), host, text.data(), text.size());
  return written != nullptr ? written : "";
}

}  // namespace support
