#include "plugin/posix/log_file.hpp"

#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace posix {
namespace {

constexpr mode_t private_folder = 0700;
constexpr mode_t writable_by_others = S_IWGRP | S_IWOTH;

struct stat status_of(int file, const std::string& path) {
  struct stat status {};
  if (::fstat(file, &status) < 0) throw_errno("read the status of " + text::quoted(path));
  return status;
}

/// A user who can write to the folder could replace the file by a link.
FileDescriptor open_folder(const std::string& path) {
  if (::mkdir(path.c_str(), private_folder) < 0 && errno != EEXIST)
    throw_errno("create the folder " + text::quoted(path));
  auto folder = open_file(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const auto status = status_of(folder.get(), path);
  if (status.st_uid != ::geteuid() || (status.st_mode & writable_by_others) != 0) {
    throw system_error(EPERM, "append to a file in " + text::quoted(path) +
                                  ": the folder belongs to another user or is writable by others");
  }
  return folder;
}

}  // namespace

void append_line(const std::string& path, std::string_view line) {
  const auto slash = path.rfind('/');
  const auto folder = open_folder(path.substr(0, slash));
  const auto file =
      open_file(folder.get(), path.substr(slash + 1), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK);
  const auto status = status_of(file.get(), path);
  if (!S_ISREG(status.st_mode)) throw system_error(EINVAL, "append to " + text::quoted(path) + ": not a regular file");
  if (status.st_uid != ::geteuid())
    throw system_error(EPERM, "append to " + text::quoted(path) + ": the file belongs to another user");
  if (::write(file.get(), line.data(), line.size()) < 0) throw_errno("append to " + text::quoted(path));
}

}  // namespace posix
