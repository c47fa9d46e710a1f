#pragma once

#include "integration/support/namespace.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace support {

enum class Protocol { tcp, udp, sctp };

/// "tcp", "udp" or "sctp", as in port mappings.
std::string name_of(Protocol protocol);

/// Whether the kernel supports the protocol.
bool is_supported(Protocol protocol);

struct Target {
  Protocol protocol = Protocol::tcp;
  std::string address;
  std::uint16_t port = 0;
};

/// A UDP client that keeps its source port, as resolvers do.
class UdpClient {
 public:
  /// Throws std::system_error.
  UdpClient(const Namespace& from, const std::string& address, std::uint16_t port);

  /// The client's address as the Service sees it; empty if there is no answer within the timeout.
  std::string seen_as(std::chrono::milliseconds timeout = std::chrono::milliseconds{1000}) const;

 private:
  posix::FileDescriptor socket_;
};

/// The address of a client in the namespace as the Service at the target sees it; empty if there is no answer within
/// the timeout.
std::string seen_as(const Namespace& from, const Target& target,
                    std::chrono::milliseconds timeout = std::chrono::milliseconds{1000});

/// For targets that are expected to be unreachable.
constexpr std::chrono::milliseconds short_timeout{150};

}  // namespace support
