#include "plugin/wiring/rate_limit.hpp"

#include <algorithm>
#include <limits>

namespace wiring {
namespace {

constexpr std::uint64_t bits_per_byte = 8;
constexpr std::uint64_t largest_number = std::numeric_limits<std::uint64_t>::max();

/// Ethernet header and one VLAN tag.
constexpr std::uint32_t frame_overhead_bytes = 18;

/// The kernel represents a burst by its duration, in 32 bits of 64 ns: at most 274.9 s.
constexpr std::uint64_t max_burst_seconds = 274;

constexpr std::uint64_t default_bursts_per_second = 100;
constexpr std::uint64_t min_default_burst_bytes = 65536;

std::uint64_t default_burst(std::uint64_t rate_bytes_per_second) {
  return std::max(rate_bytes_per_second / default_bursts_per_second, min_default_burst_bytes);
}

std::uint64_t max_burst(std::uint64_t rate_bytes_per_second) {
  constexpr std::uint64_t max_bytes = std::numeric_limits<std::uint32_t>::max();
  if (rate_bytes_per_second > largest_number / max_burst_seconds) return max_bytes;
  return std::min(rate_bytes_per_second * max_burst_seconds, max_bytes);
}

}  // namespace

RateLimit rate_limit(const cni::Rate& rate, std::uint32_t mtu) {
  const auto rate_bytes = rate.bits_per_second / bits_per_byte;
  const auto wanted = rate.burst_bits == 0 ? default_burst(rate_bytes) : rate.burst_bits / bits_per_byte;
  const auto burst = std::min(std::max<std::uint64_t>(wanted, mtu + frame_overhead_bytes), max_burst(rate_bytes));
  return {.rate_bytes_per_second = rate_bytes, .burst_bytes = static_cast<std::uint32_t>(burst)};
}

bool is_same_limit(const RateLimit& wanted, const RateLimit& reported) {
  constexpr std::uint64_t ticks_per_second = 1'000'000'000 / 64;
  const auto [less, more] = std::minmax(wanted.burst_bytes, reported.burst_bytes);
  const auto rounding = wanted.rate_bytes_per_second / ticks_per_second + wanted.burst_bytes / 1000U + 1;
  return wanted.rate_bytes_per_second == reported.rate_bytes_per_second && more - less <= rounding;
}

}  // namespace wiring
