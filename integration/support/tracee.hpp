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

/// A child process that is traced by ptrace from its first instruction on. It is stopped between two steps. All
/// functions throw std::system_error.
class Tracee {
 public:
  /// The child calls PTRACE_TRACEME and execve. Waits until execve has succeeded.
  explicit Tracee(pid_t child);

  /// Continues to the entry of its next system call. Returns nullopt if the child has ended before.
  std::optional<SystemCall> next_system_call();

  /// Makes the system call at whose entry the child is stopped return the errno. The system call is not made, but for
  /// close: Linux closes the descriptor even if it returns an error.
  void fail_call(const SystemCall& call, int error);

  void kill();

  /// Detaches and waits for the end. Returns the exit status as a shell reports it.
  int detach_and_wait();

  /// Access to its memory.
  void read(std::uint64_t address, void* bytes, std::size_t size) const;
  void write(std::uint64_t address, const void* bytes, std::size_t size) const;
  std::string read_string(std::uint64_t address) const;

  pid_t id() const { return child_; }

 private:
  void wait();
  bool has_ended() const;
  bool step();
  void skip();
  void set_result(int error);
  void fail_brk();

  pid_t child_;
  int status_ = 0;
};

}  // namespace support
