#pragma once

#include <cstdint>
#include <optional>

namespace cni {

/// How much may flow one way.
struct Rate {
  std::uint64_t bits_per_second = 0;  ///< at least 1000
  std::uint64_t burst_bits = 0;       ///< what may go beyond it at once after a pause; 0: nobody named one

  bool operator==(const Rate&) const = default;
};

/// The limits of one container; nullopt: none.
struct Bandwidth {
  std::optional<Rate> ingress{};  ///< to the container
  std::optional<Rate> egress{};   ///< from the container

  bool operator==(const Bandwidth&) const = default;
};

}  // namespace cni
