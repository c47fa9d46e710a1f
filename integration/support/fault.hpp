#pragma once

#include "integration/support/call.hpp"

#include <cstddef>

namespace support {

/// What befalls a program when it is about to make one of its system calls.
struct Fault {
  std::size_t number = 1;  ///< of the system call, counted from the beginning of the program
  int error = 0;           ///< the errno that it gets in place of the call; 0: it is killed before the call
};

struct Struck {
  bool was_reached = false;  ///< false: the program made fewer system calls, and nothing befell it
  long system_call = -1;     ///< the kernel's number of it
  Answer answer = {};
};

/// Makes the call, with the fault. Programs that the plugin runs itself are left alone. A call that takes longer than
/// its patience ends with the exit status of SIGALRM, 142. Throws std::system_error where programs cannot be traced.
Struck call_with(const Fault& fault, const Call& call);

}  // namespace support
