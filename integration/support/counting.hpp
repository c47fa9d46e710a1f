#pragma once

#include "integration/support/call.hpp"

#include <cstddef>
#include <cstdint>

// What a call costs on any machine: counts, not times.
namespace support {

struct SystemCalls {
  std::size_t all = 0;
  std::size_t sends = 0;  ///< to the kernel: sendmsg, sendto
  std::size_t opens = 0;  ///< files, successfully
};

/// Makes the call under strace. Throws std::runtime_error where it fails.
SystemCalls count_system_calls(Call call);

/// Instructions in user space, by valgrind. Throws as above.
std::uint64_t count_instructions(Call call);

}  // namespace support
