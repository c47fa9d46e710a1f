#pragma once

#include "integration/support/namespace.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace support {

/// A server in a namespace that sends each client the client's address as the server sees it, over TCP, UDP and, if the
/// kernel supports it, SCTP, over IPv4 and IPv6. It runs from construction to destruction.
class Service {
 public:
  /// On every address of the namespace. Throws std::system_error.
  Service(const Namespace& netns, std::uint16_t port);

  /// Only on this address.
  Service(const Namespace& netns, std::uint16_t port, const std::string& address);

  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service();

 private:
  void open(const Namespace& netns, const std::string& address, std::uint16_t port);
  void serve() const;

  std::vector<posix::FileDescriptor> sockets_;
  posix::FileDescriptor end_;
  std::thread thread_;
};

}  // namespace support
