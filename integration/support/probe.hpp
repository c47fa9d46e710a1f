#pragma once

#include "integration/support/namespace.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace support {

/// Two UDP sockets that stand ready before the network between them does, so that nothing lies between an ADD and the
/// first packet.
class Probe {
 public:
  /// `family` is 4 or 6. Throws std::system_error.
  Probe(const Namespace& from, const Namespace& to, int family);

  /// Sends one datagram to the address, now, and says whether it comes within `patience`. A refused send counts as
  /// lost.
  bool arrives(const std::string& address, std::chrono::milliseconds patience = std::chrono::milliseconds{50}) const;

 private:
  int family_;
  posix::FileDescriptor sender_;
  posix::FileDescriptor receiver_;
  std::uint16_t port_;  ///< network byte order
};

}  // namespace support
