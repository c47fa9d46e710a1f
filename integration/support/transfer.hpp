#pragma once

#include "integration/support/namespace.hpp"

#include <cstdint>
#include <string>

namespace support {

/// The throughput of a connection, measured at the receiver for a second after a warm-up.
struct Flow {
  double payload_bits = 0;  ///< per second, without headers
  double frame_bits = 0;    ///< per second, with the headers of TCP or UDP, IP and Ethernet
};

/// A transfer from one namespace to an address of another one, at full speed.
struct Transfer {
  const Namespace& from;
  const Namespace& to;
  std::string address;  ///< IPv4 or IPv6 address of `to`
};

/// Throws std::system_error.
Flow measure_tcp(const Transfer& transfer);

/// Sends more than `rate_bits_per_second`. Throws std::system_error.
Flow measure_udp(const Transfer& transfer, double rate_bits_per_second);

}  // namespace support
