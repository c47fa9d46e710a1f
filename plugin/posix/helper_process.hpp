#pragma once

#include "plugin/posix/file_descriptor.hpp"

namespace posix {

/// A system call whose first argument is a file.
struct FileCall {
  long number = 0;  ///< SYS_sendmsg
  int file = -1;
  long second = 0;
  long third = 0;
};

/// Starts a process that makes a system call in place of this one, so that this process need not wait for it. The
/// helper closes every open file except that of the call and `kept` (negative: none), so that it holds no lock and
/// keeps no standard stream open, makes the call and ends. If the files cannot be closed, it ends without the call. It
/// may share the memory of this process: what the arguments point to must not change before the call was made or the
/// helper has ended. When this process ends first, the helper becomes a child of PID 1 or of a subreaper. Returns a
/// descriptor that becomes readable when the helper has ended (pidfd); an empty one if no process can be started, for
/// example because of RLIMIT_NPROC or a seccomp filter.
FileDescriptor call_in_helper(const FileCall& call, int kept);

/// Sends SIGKILL to the helper. A helper that waits in the kernel ends when that system call returns.
void kill_helper(const FileDescriptor& helper);

}  // namespace posix
