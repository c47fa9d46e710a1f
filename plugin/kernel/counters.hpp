#pragma once

#include <cstdint>

namespace kernel {

/// The packets that passed an interface in one direction since its creation, as `ip -s link` counts them.
struct Traffic {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t errors = 0;
  std::uint64_t dropped = 0;

  bool operator==(const Traffic&) const = default;
};

struct Counters {
  Traffic received{};
  Traffic sent{};

  bool operator==(const Counters&) const = default;
};

}  // namespace kernel
