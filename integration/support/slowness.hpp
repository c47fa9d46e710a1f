#pragma once

#include <cstdlib>

namespace support {

/// How many times slower than usual this machine is: the variable VETH_TEST_SLOWNESS, which integration/kernels/run
/// sets in an emulated machine. Limits of time are multiplied by it, and tests of rates and costs are skipped.
inline int slowness() {
  const char* factor = std::getenv("VETH_TEST_SLOWNESS");
  return factor == nullptr ? 1 : std::atoi(factor);
}

}  // namespace support
