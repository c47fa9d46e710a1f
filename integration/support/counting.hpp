#pragma once

#include "integration/support/call.hpp"

#include <cstddef>
#include <cstdint>

// Counts, which are the same on any machine, unlike times.
namespace support {

struct SystemCalls {
  std::size_t all = 0;
  std::size_t sends = 0;  ///< to the kernel: sendmsg, sendto
  std::size_t opens = 0;  ///< successful opens of files
};

/// Makes the call under strace. Throws std::runtime_error if it ends with another exit status.
SystemCalls count_system_calls(Call call, int exit = 0);

/// The instructions in user space, counted by valgrind. Throws std::runtime_error if the call fails.
std::uint64_t count_instructions(Call call);

}  // namespace support
