#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <functional>
#include <span>

namespace posix {

/// Starts a process that waits in place of this one: a copy of this process that closes every open file except those in
/// `kept` (negative numbers: none), calls `action` and ends. No one who waits for this process's standard streams or
/// locks waits for the helper. `action` makes system calls only: it may not allocate memory. If the files cannot be
/// closed, the helper ends without calling `action`. This process need not wait for the helper: when it ends, the
/// helper becomes a child of PID 1 or of a subreaper.
/// Returns a descriptor that becomes readable when the helper has ended (pidfd); empty if no process can be started,
/// for example because of RLIMIT_NPROC or a seccomp filter.
FileDescriptor start_helper(std::span<const int> kept, const std::function<void()>& action);

/// Sends SIGKILL to the helper. It ends when the system call in which it is can be ended.
void kill_helper(const FileDescriptor& helper);

}  // namespace posix
