#pragma once

#include "plugin/cni/address.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace http {

/// Where a server listens. Names are not resolved: a static executable has no resolver.
struct Endpoint {
  bool is_encrypted = true;  ///< https
  cni::IpAddress address{};
  std::uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
};

/// Parses "https://192.0.2.1:2379" or "http://[2001:db8::1]:2379". Without a port: 443 or 80. A path other than "/" is
/// not accepted. Throws cni::Error invalid_config.
Endpoint read_endpoint(std::string_view url);

/// The same text, always with the port.
std::string to_string(const Endpoint& endpoint);

/// "192.0.2.1:2379" or "[2001:db8::1]:2379": the header Host.
std::string host_of(const Endpoint& endpoint);

}  // namespace http
