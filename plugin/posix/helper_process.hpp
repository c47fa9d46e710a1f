#pragma once

#include "plugin/posix/file_descriptor.hpp"

struct msghdr;

namespace posix {

/// Starts a process that calls sendmsg(2) in place of this one, so that this process need not wait for it. The helper
/// closes every open file except `file` and `kept` (negative: none), so that it holds no lock and keeps
/// no standard stream open, sends the message and ends. If the files cannot be closed, it ends without sending. It may
/// share the memory of this process: the message must not change before it was sent or the helper has ended. When this
/// process ends first, the helper becomes a child of PID 1 or of a subreaper.
/// Returns a descriptor that becomes readable when the helper has ended (pidfd); an empty one if no process can be
/// started, for example because of RLIMIT_NPROC or a seccomp filter.
FileDescriptor send_in_helper(int file, const msghdr& message, int kept);

/// Sends SIGKILL to the helper. A helper that waits in the kernel ends when that system call returns.
void kill_helper(const FileDescriptor& helper);

}  // namespace posix
