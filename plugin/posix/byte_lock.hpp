#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace posix {

/// An exclusive OFD lock on one byte of a file (fcntl(2), "Open file description locks"). The kernel releases it when
/// the process ends, however it ends. The file must outlive the lock.
class ByteLock {
 public:
  /// The lock, or nullopt while another open file holds it. Throws std::system_error for any other failure.
  static std::optional<ByteLock> try_take(int file, std::uint64_t offset);

  /// Waits for the lock; nullopt after `timeout`.
  static std::optional<ByteLock> take(int file, std::uint64_t offset, std::chrono::milliseconds timeout);

  /// Whether another open file has a lock on any of these bytes. The cost does not depend on their number.
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
