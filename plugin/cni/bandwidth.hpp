#pragma once

#include <cstdint>
#include <optional>

namespace cni {

/// The rate limit of one direction.
struct Rate {
  std::uint64_t bits_per_second = 0;  ///< at least 1000
  std::uint64_t burst_bits = 0;       ///< sent at once above the rate after a pause; 0: not set

  bool operator==(const Rate&) const = default;
};

/// The rate limits of one container; nullopt: no limit.
struct Bandwidth {
  std::optional<Rate> ingress{};  ///< to the container
  std::optional<Rate> egress{};   ///< from the container

  bool operator==(const Bandwidth&) const = default;
};

}  // namespace cni
