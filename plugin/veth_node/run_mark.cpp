#include "plugin/veth_node/run_mark.hpp"

#include "plugin/posix/file_lock.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/state/location.hpp"

#include <fcntl.h>

#include <chrono>

namespace veth_node {

/// is_running() holds the lock only for a moment.
posix::FileDescriptor mark_as_running(const std::string& path) {
  constexpr std::chrono::seconds timeout{1};
  state::make_parents(path);
  auto file = posix::open_file(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW);
  posix::take_shared_file_lock(file, timeout);
  return file;
}

bool is_running(const std::string& path) {
  const auto file = posix::find_file(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
  return file && !posix::take_file_lock(*file, std::chrono::milliseconds{0});
}

}  // namespace veth_node
