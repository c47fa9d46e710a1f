#pragma once

#include "integration/support/namespace.hpp"

#include <string>

namespace support {

/// Another machine, on a wire with the host. It knows no way to the containers: it can answer only what comes with the
/// host's address, unless it is told one.
struct Outside {
  /// Throws std::runtime_error with the complaint of `ip`.
  Outside();

  /// That the prefix is behind the host, as a router of the cluster knows it.
  void learn_route(const std::string& prefix) const;

  Namespace netns{"outside"};

  static std::string address(int family) { return family == 4 ? "203.0.113.9" : "2001:db8::9"; }
  static std::string host_address(int family) { return family == 4 ? "203.0.113.1" : "2001:db8::1"; }
};

}  // namespace support
