#include "plugin/posix/helper_process.hpp"

#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>

namespace posix {
namespace {

bool close_between(int first, int last) {
  return first > last || ::syscall(SYS_close_range, static_cast<unsigned>(first), static_cast<unsigned>(last), 0) == 0;
}

/// Closes the files below, between and above those in `kept`, without allocating memory.
bool close_all_except(std::span<const int> kept) {
  int first = 0;
  while (true) {
    int next = INT_MAX;
    for (const int file : kept) {
      if (file >= first) next = std::min(next, file);
    }
    if (next == INT_MAX) return close_between(first, INT_MAX);
    if (!close_between(first, next - 1)) return false;
    first = next + 1;
  }
}

/// Helpers end without a signal, so that wait() can distinguish them from programs that this process runs (__WCLONE).
void reap_ended_helpers() {
  constexpr auto only_helpers = static_cast<int>(__WCLONE | WNOHANG);
  while (::waitpid(-1, nullptr, only_helpers) > 0) {
  }
}

/// fork() cannot return a pidfd, and runs handlers that are not needed. The memory of the copy is its own, so it shares
/// neither errno nor the stack with this process (CLONE_VM would save 0.2 ms).
long copy_process(int& process) {
  constexpr unsigned long no_signal_at_end = 0;
  return ::syscall(SYS_clone, CLONE_PIDFD | no_signal_at_end, nullptr, &process, nullptr, nullptr);
}

}  // namespace

FileDescriptor start_helper(std::span<const int> kept, const std::function<void()>& action) {
  reap_ended_helpers();
  int process = -1;
  const auto child = copy_process(process);
  if (child == 0) {
    if (close_all_except(kept)) action();
    ::_exit(0);
  }
  return child < 0 ? FileDescriptor{} : FileDescriptor{process};
}

void kill_helper(const FileDescriptor& helper) { ::syscall(SYS_pidfd_send_signal, helper.get(), SIGKILL, nullptr, 0); }

}  // namespace posix
