#include "plugin/posix/byte_lock.hpp"

#include "plugin/posix/system_error.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <thread>
#include <utility>

namespace posix {
namespace {

struct flock range_of(std::uint64_t first, std::uint64_t count, short type) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(first);
  range.l_len = static_cast<off_t>(count);
  return range;
}

int set_lock(int file, std::uint64_t offset, short type) {
  auto range = range_of(offset, 1, type);
  return ::fcntl(file, F_OFD_SETLK, &range);
}

}  // namespace

std::optional<ByteLock> ByteLock::try_take(int file, std::uint64_t offset) {
  if (set_lock(file, offset, F_WRLCK) == 0) return ByteLock{file, offset};
  if (errno == EAGAIN || errno == EACCES) return std::nullopt;
  throw_errno("lock byte " + std::to_string(offset) + " of the lock file");
}

// F_OFD_SETLKW has no timeout, so this tries repeatedly: first after microseconds, for the locks that are held briefly,
// then less often, for those that are held during a whole call. The clock is read only if the lock is not free.
std::optional<ByteLock> ByteLock::take(int file, std::uint64_t offset, std::chrono::milliseconds timeout) {
  if (auto lock = try_take(file, offset)) return lock;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::chrono::microseconds pause{20};
  while (std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(pause);
    if (auto lock = try_take(file, offset)) return lock;
    pause = std::min(pause * 2, std::chrono::microseconds{2000});
  }
  return std::nullopt;
}

bool ByteLock::is_any_taken(int file, std::uint64_t first, std::uint64_t count) {
  auto range = range_of(first, count, F_WRLCK);
  if (::fcntl(file, F_OFD_GETLK, &range) < 0) throw_errno("query the locks of the lock file");
  return range.l_type != F_UNLCK;
}

ByteLock::ByteLock(ByteLock&& other) noexcept : file_(std::exchange(other.file_, -1)), offset_(other.offset_) {}

ByteLock& ByteLock::operator=(ByteLock&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(offset_, other.offset_);
  return *this;
}

ByteLock::~ByteLock() {
  if (file_ >= 0) set_lock(file_, offset_, F_UNLCK);
}

}  // namespace posix
