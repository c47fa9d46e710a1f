#pragma once

#include "integration/support/call.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace support {

/// What befalls a program when it is about to make one of its system calls.
struct Fault {
  enum class Kind {
    kill,           ///< it is killed before the call
    error,          ///< the call is not made, and gives `error`
    lasting_error,  ///< so are all later ones of the same number: memory, room and descriptors do not come back
    refusal,        ///< the kernel does not know what one netlink message asks for; it goes on with those behind it
    event           ///< `befall` is called while the program stands there, and then it goes on
  };
  std::size_t number = 1;  ///< of the system call; of the message for a refusal. From the beginning of the program
  Kind kind = Kind::kill;
  int error = 0;                           ///< an errno
  std::function<void()> befall = nullptr;  ///< must not start or await processes
};

struct Struck {
  bool was_reached = false;     ///< false: the program made fewer system calls, or sent fewer messages
  bool had_begun = false;       ///< whether main had been reached by then; before that the program has no words
  long system_call = -1;        ///< the kernel's number of it; for a refusal the type of the message
  std::vector<std::string> of;  ///< what each refused call was about: its path, or "file 1"
  Answer answer = {};
};

/// Makes the call, with the fault. Programs that the plugin runs itself are left alone, and waited for, as containerd
/// waits for all who hold the plugin's standard error. A call that takes longer than its patience ends with the exit
/// status of SIGALRM, 142. Throws std::system_error where programs cannot be traced.
Struck call_with(const Fault& fault, const Call& call);

}  // namespace support
