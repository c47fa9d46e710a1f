#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/prober.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace kernel {

/// An ICMP echo request to a host, with the source address that the routes select.
struct EchoRequest {
  cni::IpAddress destination{};
  std::uint32_t ip_bytes = 84;  ///< size of the IP packet

  bool operator==(const EchoRequest&) const = default;
};

struct EchoOptions {
  std::chrono::milliseconds timeout{1000};  ///< for all answers together; what is unanswered is sent again after half
  bool may_fragment = true;                 ///< false: packets are not fragmented (DF), whatever path MTU is cached
};

/// Sends requests to thousands of hosts at once, in the network namespace of the thread, and returns what became of
/// each. Prober::exchange() reports more, but needs a socket for each packet, and each of them receives all replies.
/// Throws std::system_error.
std::vector<ProbeAnswer> exchange_echoes(std::span<const EchoRequest> requests, const EchoOptions& options = {});

}  // namespace kernel
