#include "plugin/posix/file_lock.hpp"

#include "plugin/posix/system_error.hpp"

#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace posix {
namespace {

bool try_take(int file, int kind) {
  if (::flock(file, kind | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK || errno == EINTR) return false;
  throw_errno("lock a file");
}

// flock(2) has no timeout, so this tries repeatedly, as ByteLock::take() does.
bool take(const FileDescriptor& file, int kind, std::chrono::milliseconds timeout) {
  if (try_take(file.get(), kind)) return true;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::chrono::microseconds pause{20};
  while (std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(pause);
    if (try_take(file.get(), kind)) return true;
    pause = std::min(pause * 2, std::chrono::microseconds{2000});
  }
  return false;
}

}  // namespace

bool take_file_lock(const FileDescriptor& file, std::chrono::milliseconds timeout) {
  return take(file, LOCK_EX, timeout);
}

bool take_shared_file_lock(const FileDescriptor& file, std::chrono::milliseconds timeout) {
  return take(file, LOCK_SH, timeout);
}

}  // namespace posix
