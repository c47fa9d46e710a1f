#pragma once

#include "integration/support/namespace.hpp"

#include <cstdint>
#include <string>

namespace support {

/// What came through a connection in a second, counted by the receiver when it had gone on for a while.
struct Flow {
  double payload_bits = 0;  ///< what the programs at both ends see
  double frame_bits = 0;    ///< the same with the headers of TCP or UDP, IP and Ethernet
};

/// A transfer from one namespace to an address of another one, for about a second, as fast as it goes.
struct Transfer {
  const Namespace& from;
  const Namespace& to;
  std::string address;  ///< of `to`, of either family
};

/// Throws std::system_error.
Flow measure_tcp(const Transfer& transfer);

/// Offers so much that `rate_bits_per_second` is not enough for it.
Flow measure_udp(const Transfer& transfer, double rate_bits_per_second);

}  // namespace support
