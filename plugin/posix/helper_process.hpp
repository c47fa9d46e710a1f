#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <functional>
#include <span>

namespace posix {

/// Starts a process that makes a system call in place of this one, so that this process need not wait for it. The
/// helper is a copy of this process. It closes every open file except those in `kept` (negative numbers: none), so that
/// it holds no lock and keeps no standard stream open, calls `action` and ends. If the files cannot be closed, it ends
/// without calling `action`, which makes system calls only: it must not allocate memory. When this process ends first,
/// the helper becomes a child of PID 1 or of a subreaper.
/// Returns a descriptor that becomes readable when the helper has ended (pidfd); an empty one if no process can be
/// started, for example because of RLIMIT_NPROC or a seccomp filter.
FileDescriptor start_helper(std::span<const int> kept, const std::function<void()>& action);

/// Sends SIGKILL to the helper. A helper that waits in the kernel ends when that system call returns.
void kill_helper(const FileDescriptor& helper);

}  // namespace posix
