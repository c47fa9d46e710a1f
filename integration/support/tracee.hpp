#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace support {

/// A system call that a program is about to make.
struct SystemCall {
  long number = -1;
  std::array<std::uint64_t, 6> arguments = {};
};

/// A child process that is traced by ptrace from its first instruction on. It is stopped between two steps. If it
/// starts a helper (plugin/posix/helper_process.hpp), the next steps are those of the helper, up to the entry of its
/// sendmsg or read, while the child is stopped; after it the helper continues without being traced, and the next steps
/// are those of the child again. So the order of the system calls is the same in each run. All functions throw
/// std::system_error.
class Tracee {
 public:
  /// The child calls PTRACE_TRACEME and execve. Waits until execve has succeeded.
  explicit Tracee(pid_t child);

  /// Continues to the entry of the next system call. Returns nullopt if the child has ended before.
  std::optional<SystemCall> next_system_call();

  /// Makes the system call at whose entry the process is stopped return the errno. The system call is not made, but for
  /// close: Linux closes the descriptor even if it returns an error.
  void fail_call(const SystemCall& call, int error);

  /// Kills the process whose step was the last one: the child or its helper.
  void kill();

  /// Detaches and waits for the end of the child. Returns its exit status as a shell reports it.
  int detach_and_wait();

  /// Whether the last step was one of the helper.
  bool is_in_helper() const { return helper_.has_value(); }

  /// Access to the memory of the process whose step was the last one.
  void read(std::uint64_t address, void* bytes, std::size_t size) const;
  void write(std::uint64_t address, const void* bytes, std::size_t size) const;
  std::string read_string(std::uint64_t address) const;

  pid_t id() const { return current().id; }

 private:
  struct Process {
    pid_t id = 0;
    int status = 0;  ///< of waitpid()

    bool has_ended() const;
  };

  const Process& current() const { return helper_ ? *helper_ : child_; }
  Process& current() { return helper_ ? *helper_ : child_; }
  void wait();
  bool step();
  bool has_started_helper() const;
  void enter_helper();
  void leave_helper();
  void set_result(int error);
  void fail_brk();

  Process child_;
  std::optional<Process> helper_;  ///< while it is traced
  bool is_helper_sending_ = false;
};

}  // namespace support
