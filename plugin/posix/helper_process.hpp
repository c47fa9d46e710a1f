#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <array>

namespace posix {

struct SystemCall {
  long number = -1;  ///< SYS_sendmsg, ...; -1: none
  long first = 0;
  long second = 0;
  long third = 0;
};

struct HelperTask {
  std::array<SystemCall, 2> calls{};
  std::array<int, 2> kept{-1, -1};  ///< files that stay open; negative: none
};

/// Starts a process that makes system calls in place of this one, so that this process need not wait for them. The
/// helper closes every open file except those in `kept`, so that it holds no lock and keeps no standard stream open,
/// makes the calls and ends. If the files cannot be closed, it ends without the calls. It may share the memory of this
/// process: what the arguments point to must not change before the calls were made or the helper has ended. When this
/// process ends first, the helper becomes a child of PID 1 or of a subreaper.
/// Returns a descriptor that becomes readable when the helper has ended (pidfd); an empty one if no process can be
/// started, for example because of RLIMIT_NPROC or a seccomp filter.
FileDescriptor start_helper(const HelperTask& task);

/// Sends SIGKILL to the helper. A helper that waits in the kernel ends when that system call returns.
void kill_helper(const FileDescriptor& helper);

}  // namespace posix
