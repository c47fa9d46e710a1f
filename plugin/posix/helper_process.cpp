#include "plugin/posix/helper_process.hpp"

#include "plugin/posix/direct_system_call.hpp"

#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdlib>

namespace posix {
namespace {

// A helper that shares the memory of this process needs a stack and a task of its own, which outlive the call that
// starts it, and need no destructor: this process may exit first.
alignas(16) std::array<std::byte, 16384> shared_stack;  // zeros: takes no room in the executable
HelperTask shared_task;
bool is_shared_used = false;

bool close_between(int first, int last) {
  return first > last || direct_system_call(SYS_close_range, first, last, 0) == 0;
}

bool close_others(const HelperTask& task) {
  const auto [first, second] = std::minmax(task.kept[0], task.kept[1]);
  const int lower = std::max(first, -1);
  const int upper = std::max(second, -1);
  return close_between(0, lower - 1) && close_between(lower + 1, upper - 1) && close_between(upper + 1, INT_MAX);
}

/// The main function of the helper: it makes system calls only.
int run(void* argument) {
  const auto& task = *static_cast<const HelperTask*>(argument);
  if (!close_others(task)) return EXIT_FAILURE;
  for (const auto& call : task.calls) direct_system_call(call.number, call.first, call.second, call.third);
  return EXIT_SUCCESS;
}

/// Helpers end without a signal, so that wait() can distinguish them from programs that this process runs (__WCLONE).
void reap_ended_helpers() {
  constexpr auto only_helpers = static_cast<int>(__WCLONE | WNOHANG);
  while (::waitpid(-1, nullptr, only_helpers) > 0) {
  }
}

constexpr int no_signal_at_end = 0;

/// Copies no page tables, which saves 0.2 ms. The memory has room for one helper of this kind: an earlier one may still
/// be in its system call.
int start_with_shared_memory(const HelperTask& task, int& process) {
  is_shared_used = true;
  shared_task = task;
  void* const top = shared_stack.data() + shared_stack.size();
  return ::clone(run, top, CLONE_VM | CLONE_PIDFD | no_signal_at_end, &shared_task, &process);
}

/// fork() cannot return a pidfd, and runs handlers that are not needed.
int start_with_copied_memory(HelperTask task, int& process) {
  const auto child = ::syscall(SYS_clone, CLONE_PIDFD | no_signal_at_end, nullptr, &process, nullptr, nullptr);
  if (child == 0) ::_exit(run(&task));
  return static_cast<int>(child);
}

}  // namespace

FileDescriptor start_helper(const HelperTask& task) {
  reap_ended_helpers();
  const bool shares_memory = keeps_errno && !is_shared_used;
  int process = -1;
  const int child = shares_memory ? start_with_shared_memory(task, process) : start_with_copied_memory(task, process);
  return child < 0 ? FileDescriptor{} : FileDescriptor{process};
}

void kill_helper(const FileDescriptor& helper) { ::syscall(SYS_pidfd_send_signal, helper.get(), SIGKILL, nullptr, 0); }

}  // namespace posix
