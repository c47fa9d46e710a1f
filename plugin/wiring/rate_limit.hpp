#pragma once

#include "plugin/cni/bandwidth.hpp"

#include <cstdint>

namespace wiring {

/// A token bucket as the kernel has it (tbf). Counted are frames with their Ethernet headers.
struct RateLimit {
  std::uint64_t rate_bytes_per_second = 0;
  std::uint32_t burst_bytes = 0;  ///< the largest frame at least, and what flows in 274 s at most

  bool operator==(const RateLimit&) const = default;
};

/// The limit for an interface of this MTU (bytes). Without a burst it is what flows in 10 ms, and 64 KiB at least. A
/// burst that lets no whole frame through, and one that the kernel cannot count, are brought to the nearest that works.
RateLimit rate_limit(const cni::Rate& rate, std::uint32_t mtu);

/// Whether the kernel has the limit that is wanted: it tells a burst in ticks of 64 ns.
bool is_met(const RateLimit& wanted, const RateLimit& there);

}  // namespace wiring
