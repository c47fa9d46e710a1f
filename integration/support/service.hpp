#pragma once

#include "integration/support/namespace.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace support {

/// A server in a namespace that answers each client with the address it sees of it, over TCP, UDP and, where the
/// kernel has it, SCTP, over IPv4 and IPv6. It serves from its making to its end.
class Service {
 public:
  /// On every address of the namespace. Throws std::system_error.
  Service(const Namespace& place, std::uint16_t port);

  /// On this address alone.
  Service(const Namespace& place, std::uint16_t port, const std::string& address);

  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service();

 private:
  void open(const Namespace& place, const std::string& address, std::uint16_t port);
  void serve() const;

  std::vector<posix::FileDescriptor> sockets_;
  posix::FileDescriptor end_;
  std::thread thread_;
};

}  // namespace support
