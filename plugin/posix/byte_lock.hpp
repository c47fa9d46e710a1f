#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace posix {

/// An exclusive OFD lock on one byte of a file (fcntl(2), "Open file description locks"). The kernel lets it go however
/// the process ends. The file has to outlive the lock.
class ByteLock {
 public:
  /// The lock, or nullopt while another process holds it. Throws std::system_error where the kernel refuses locks at
  /// all.
  static std::optional<ByteLock> try_take(int file, std::uint64_t offset);

  /// Waits for the lock, at most `patience`; nullopt then.
  static std::optional<ByteLock> take(int file, std::uint64_t offset, std::chrono::milliseconds patience);

  /// Whether another open file has a lock on any of these bytes; its cost does not grow with their number.
  static bool is_any_taken(int file, std::uint64_t first, std::uint64_t count);

  ByteLock(ByteLock&& other) noexcept;
  ByteLock& operator=(ByteLock&& other) noexcept;
  ByteLock(const ByteLock&) = delete;
  ByteLock& operator=(const ByteLock&) = delete;
  ~ByteLock();

 private:
  ByteLock(int file, std::uint64_t offset) : file_(file), offset_(offset) {}

  int file_;
  std::uint64_t offset_;
};

}  // namespace posix
