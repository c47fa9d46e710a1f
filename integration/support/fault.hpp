#pragma once

#include "integration/support/call.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace support {

/// A fault that is injected when a program is about to make one of its system calls.
struct Fault {
  enum class Kind {
    kill,           ///< SIGKILL before the system call
    error,          ///< the system call is not made and returns `error`
    lasting_error,  ///< the same for all later system calls of this number: a shortage lasts
    refusal,  ///< one netlink message gets a type that is unknown to the kernel; the messages after it are processed
    callback  ///< `callback` is called while the program is stopped; then it continues
  };
  std::size_t number =
      1;  ///< of the system call, or for `refusal` of the message; counted from the start of the program
  Kind kind = Kind::kill;
  int error = 0;                             ///< an errno
  std::function<void()> callback = nullptr;  ///< must not wait for the traced program
};

struct FaultOutcome {
  bool was_reached = false;          ///< false: the program made fewer system calls, or sent fewer messages
  bool was_in_helper = false;        ///< the system call was one of a helper process; `kill` has killed only that
  bool main_started = false;         ///< whether main had started; before that the program cannot print errors
  long system_call = -1;             ///< its number; for `refusal` the type of the message
  std::vector<std::string> targets;  ///< of each failed system call: its path, or "file 1"
  Answer answer = {};
};

/// Makes the call and injects the fault. Programs that the plugin runs are not traced. Waits until all processes have
/// closed the plugin's standard error, as containerd does. A call that exceeds its timeout ends with the exit status of
/// SIGALRM, 142. Throws std::system_error if programs cannot be traced.
FaultOutcome call_with_fault(const Fault& fault, const Call& call);

}  // namespace support
