#include "plugin/wiring/rate_limit.hpp"

#include <algorithm>
#include <limits>

namespace wiring {
namespace {

constexpr std::uint64_t bits_per_byte = 8;
constexpr std::uint64_t largest_number = std::numeric_limits<std::uint64_t>::max();

/// Ethernet header and one VLAN tag.
constexpr std::uint32_t frame_overhead_bytes = 18;

/// What the kernel tells of a burst is the time it takes, in 32 bits of 64 ns: 274.9 s.
constexpr std::uint64_t most_burst_seconds = 274;

constexpr std::uint64_t default_bursts_per_second = 100;
constexpr std::uint64_t least_default_burst_bytes = 65536;

std::uint64_t default_burst(std::uint64_t rate_bytes_per_second) {
  return std::max(rate_bytes_per_second / default_bursts_per_second, least_default_burst_bytes);
}

std::uint64_t most_burst(std::uint64_t rate_bytes_per_second) {
  constexpr std::uint64_t most_countable = std::numeric_limits<std::uint32_t>::max();
  if (rate_bytes_per_second > largest_number / most_burst_seconds) return most_countable;
  return std::min(rate_bytes_per_second * most_burst_seconds, most_countable);
}

}  // namespace

RateLimit rate_limit(const cni::Rate& rate, std::uint32_t mtu) {
  const auto rate_bytes = rate.bits_per_second / bits_per_byte;
  const auto wanted = rate.burst_bits == 0 ? default_burst(rate_bytes) : rate.burst_bits / bits_per_byte;
  const auto burst = std::min(std::max<std::uint64_t>(wanted, mtu + frame_overhead_bytes), most_burst(rate_bytes));
  return {.rate_bytes_per_second = rate_bytes, .burst_bytes = static_cast<std::uint32_t>(burst)};
}

bool is_met(const RateLimit& wanted, const RateLimit& there) {
  constexpr std::uint64_t ticks_per_second = 1'000'000'000 / 64;
  const auto [less, more] = std::minmax(wanted.burst_bytes, there.burst_bytes);
  const auto told_roughly_by = wanted.rate_bytes_per_second / ticks_per_second + wanted.burst_bytes / 1000U + 1;
  return wanted.rate_bytes_per_second == there.rate_bytes_per_second && more - less <= told_roughly_by;
}

}  // namespace wiring
