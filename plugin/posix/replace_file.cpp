#include "plugin/posix/replace_file.hpp"

#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace posix {
namespace {

constexpr mode_t readable_by_all = 0644;

void flush(const FileDescriptor& file, const std::string& path) {
  if (::fsync(file.get()) < 0) throw_errno("write " + text::quoted(path) + " to the disk");
}

/// Without it, the name may be missing after a power failure.
void flush_folder_of(const std::string& path) {
  const auto folder = path.substr(0, path.rfind('/') + 1);
  flush(open_file(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY), folder);
}

void write_and_rename(const std::string& temporary, const std::string& path, std::string_view text,
                      Durability durability) {
  const auto file = open_file(AT_FDCWD, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  write_all(file.get(), text, text::quoted(temporary));
  if (::fchmod(file.get(), readable_by_all) < 0) throw_errno("change the mode of " + text::quoted(temporary));
  if (durability == Durability::power_failure) flush(file, temporary);
  if (::rename(temporary.c_str(), path.c_str()) < 0)
    throw_errno("rename " + text::quoted(temporary) + " to " + text::quoted(path));
  if (durability == Durability::power_failure) flush_folder_of(path);
}

}  // namespace

void replace_file(const std::string& path, std::string_view text, Durability durability) {
  const auto temporary = path + '.' + std::to_string(::getpid());
  try {
    write_and_rename(temporary, path, text, durability);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace posix
