#pragma once

#include "plugin/cni/bandwidth.hpp"

#include <cstdint>

namespace wiring {

/// A token bucket filter (tbf) of the kernel. It counts frames with their Ethernet headers.
struct RateLimit {
  std::uint64_t rate_bytes_per_second = 0;
  std::uint32_t burst_bytes = 0;  ///< at least the largest frame, at most what flows in 274 s

  bool operator==(const RateLimit&) const = default;
};

/// The limit for an interface of this MTU (bytes). The default burst is what flows in 10 ms, and at least 64 KiB. A
/// burst that is smaller than a frame, or larger than the kernel can represent, becomes the nearest valid one.
RateLimit rate_limit(const cni::Rate& rate, std::uint32_t mtu);

/// Whether the limits are equal up to rounding: the kernel reports a burst in ticks of 64 ns.
bool is_same_limit(const RateLimit& wanted, const RateLimit& reported);

}  // namespace wiring
