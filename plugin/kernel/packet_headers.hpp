#pragma once

#include <array>
#include <cstdint>

// Sizes and offsets in the headers of packets, in bytes.
namespace kernel {

constexpr std::uint32_t ipv6_header_bytes = 40;

/// Where the number of a probe may be in a header of UDP, TCP or ICMP: source port, destination port, ICMP identifier.
constexpr std::array<std::uint32_t, 3> id_offsets{0, 2, 4};

}  // namespace kernel
