#pragma once

#include <cstdint>

namespace kernel {

/// What went through an interface one way since it was made, as `ip -s link` counts it.
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
