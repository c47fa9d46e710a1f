#pragma once

#include "integration/support/namespace.hpp"

#include <string>

namespace support {

/// Another machine, connected to the host by a veth pair. It has no route to the containers, so it can only answer
/// packets that have the host's address, unless add_route() is called.
struct OutsideHost {
  /// Throws std::runtime_error with the error message of `ip`.
  OutsideHost();

  /// Adds a route to the prefix via the host.
  void add_route(const std::string& prefix) const;

  Namespace netns{"outside"};

  static std::string address(int family) { return family == 4 ? "203.0.113.9" : "2001:db8::9"; }
  static std::string host_address(int family) { return family == 4 ? "203.0.113.1" : "2001:db8::1"; }
};

}  // namespace support
