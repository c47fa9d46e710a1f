#pragma once

#include "integration/support/namespace.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace support {

/// Two UDP sockets. They are opened before the network between them exists, so that a packet can be sent directly after
/// ADD.
class Probe {
 public:
  /// `family` is 4 or 6. Throws std::system_error.
  Probe(const Namespace& from, const Namespace& to, int family);

  /// Sends one datagram to the address and returns whether it arrives within the timeout. False if sending fails, too.
  bool arrives(const std::string& address, std::chrono::milliseconds timeout = std::chrono::milliseconds{50}) const;

 private:
  int family_;
  posix::FileDescriptor sender_;
  posix::FileDescriptor receiver_;
  std::uint16_t port_;  ///< network byte order
};

}  // namespace support
