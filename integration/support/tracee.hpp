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
  long number = -1;  ///< the kernel's
  std::array<std::uint64_t, 6> arguments = {};
};

/// A child of this process that is traced from its first instruction on, and stands still between two steps. All throw
/// std::system_error.
class Tracee {
 public:
  /// Of a child that asks for it and then calls execve, to the end of which it goes.
  explicit Tracee(pid_t child);

  /// To the beginning of its next system call. nullopt where it ended before.
  std::optional<SystemCall> next();

  /// In place of the call at whose beginning it stands, the errno is what it gets. A close is made all the same: Linux
  /// lets the descriptor go whatever it answers.
  void refuse(const SystemCall& call, int error);

  void kill();

  /// To its end, by itself. The exit status as a shell says it.
  int finish();

  /// What stands in its memory.
  void read(std::uint64_t address, void* bytes, std::size_t size) const;
  void write(std::uint64_t address, const void* bytes, std::size_t size) const;
  std::string text_at(std::uint64_t address) const;

  pid_t id() const { return child_; }

 private:
  void wait();
  bool has_ended() const;
  bool step();
  void skip();
  void answer_with(int error);
  void refuse_memory();

  pid_t child_;
  int status_ = 0;
};

}  // namespace support
