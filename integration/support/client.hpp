#pragma once

#include "integration/support/namespace.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace support {

enum class Protocol { tcp, udp, sctp };

/// "tcp", as port mappings have it.
std::string name_of(Protocol protocol);

/// Whether the kernel has the protocol at all.
bool is_known(Protocol protocol);

struct Target {
  Protocol protocol = Protocol::tcp;
  std::string address;
  std::uint16_t port = 0;
};

/// A UDP client that keeps its port, as resolvers and media players do.
class UdpClient {
 public:
  /// Throws std::system_error.
  UdpClient(const Namespace& from, const std::string& address, std::uint16_t port);

  /// The address that the Service there sees; empty where none answers within `patience`.
  std::string seen_as(std::chrono::milliseconds patience = std::chrono::milliseconds{1000}) const;

 private:
  posix::FileDescriptor socket_;
};

/// The address that the Service behind the target sees of a client in the namespace; empty where none answers within
/// `patience`.
std::string seen_as(const Namespace& from, const Target& target,
                    std::chrono::milliseconds patience = std::chrono::milliseconds{1000});

/// For what is expected not to be reached.
constexpr std::chrono::milliseconds short_patience{150};

}  // namespace support
