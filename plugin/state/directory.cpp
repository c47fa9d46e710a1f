#include "plugin/state/directory.hpp"

#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/directory_reader.hpp"
#include "plugin/state/location.hpp"
#include "plugin/state/private_modes.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <utility>

namespace state {
namespace {

constexpr std::string_view pending_suffix = "/pending";
constexpr std::string_view live_suffix = "/live";

/// False with errno if the directory does not exist and cannot be created.
bool make_directory_at(int directory, const std::string& name) {
  return ::mkdirat(directory, name.c_str(), private_directory) == 0 || errno == EEXIST;
}

/// Creates a directory. Creates live/ together with pending/, so that marking a record as live needs no disk space.
bool make_record_directory_at(int directory, const std::string& name) {
  if (!name.ends_with(pending_suffix)) return make_directory_at(directory, name);
  const auto live = name.substr(0, name.size() - pending_suffix.size()) + std::string{live_suffix};
  return make_directory_at(directory, live) && make_directory_at(directory, name);
}

/// False with errno if one of the parent directories of `name` cannot be created.
bool make_parents_at(int directory, const std::string& name) {
  for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    if (!make_record_directory_at(directory, name.substr(0, slash))) return false;
  }
  return true;
}

/// Makes the system call that creates `name`. If it fails because the directory is missing, creates the directory and
/// repeats the call.
int create_with_parents(int directory, const std::string& name, const auto& call) {
  const int result = call();
  if (result >= 0 || errno != ENOENT) return result;
  return make_parents_at(directory, name) ? call() : -1;
}

std::chrono::system_clock::time_point time_of(const timespec& time) {
  const auto since_epoch = std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
  return std::chrono::system_clock::time_point{
      std::chrono::duration_cast<std::chrono::system_clock::duration>(since_epoch)};
}

/// Empty for a file that is not regular or exceeds the limit, and for an I/O error of the disk. Throws for other
/// errors, which are not caused by the file; `quoted_path` returns its path for the message.
FileContent read_regular(int file, std::size_t limit, const auto& quoted_path) {
  struct stat status {};
  if (::fstat(file, &status) < 0) posix::throw_errno("stat " + quoted_path());
  if (!S_ISREG(status.st_mode)) return {};
  FileContent content{.text = {}, .written_at = time_of(status.st_mtim)};
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > limit) return content;
  content.text.resize(size);
  const ssize_t count = ::pread(file, content.text.data(), size, 0);
  if (count < 0 && errno != EIO) posix::throw_errno("read " + quoted_path());
  if (count != status.st_size) content.text.clear();
  return content;
}

}  // namespace

Directory::Directory(std::string path, posix::FileDescriptor directory)
    : path_(std::move(path)), directory_(std::move(directory)) {}

std::string Directory::quoted(const std::string& name) const { return text::quoted(path_ + "/" + name); }

std::optional<posix::FileDescriptor> Directory::find_directory(const std::string& name) const {
  const int number = ::openat(directory_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (number >= 0) return posix::FileDescriptor{number};
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return std::nullopt;
  posix::throw_errno("open " + quoted(name));
}

bool Directory::is_empty(const std::string& name) const {
  const auto directory = find_directory(name);
  if (!directory) return true;
  DirectoryReader reader{directory->get(), DirectoryReader::small_buffer};
  while (const auto entry = reader.next()) {
    if (entry->name.front() != '.') return false;
  }
  return true;
}

bool Directory::exists(const std::string& name) const {
  struct stat status {};
  if (::fstatat(directory_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  posix::throw_errno("stat " + quoted(name));
}

std::optional<std::string> Directory::symlink_target(const std::string& name) const {
  std::array<char, PATH_MAX> buffer;
  const ssize_t length = ::readlinkat(directory_.get(), name.c_str(), buffer.data(), buffer.size());
  if (length >= 0) return std::string{buffer.data(), static_cast<std::size_t>(length)};
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  if (errno == EINVAL) return std::string{};
  posix::throw_errno("read the symbolic link " + quoted(name));
}

/// O_NONBLOCK, because opening a FIFO would block.
std::optional<FileContent> Directory::content(const std::string& name, std::size_t limit) const {
  const int number = ::openat(directory_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (number < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (number < 0 && (errno == ELOOP || errno == ENXIO)) return FileContent{};
  if (number < 0) posix::throw_errno("read " + quoted(name));
  const posix::FileDescriptor file{number};
  return read_regular(number, limit, [&] { return quoted(name); });
}

bool Directory::create_symlink(const std::string& target, const std::string& name, std::string_view act) const {
  const auto link = [&] { return ::symlinkat(target.c_str(), directory_.get(), name.c_str()); };
  if (create_with_parents(directory_.get(), name, link) == 0) return true;
  if (errno == EEXIST) return false;
  posix::throw_errno(std::string{act} + " " + quoted(name));
}

std::optional<bool> Directory::create_symlink_in_existing(const std::string& target, const std::string& name) const {
  if (::symlinkat(target.c_str(), directory_.get(), name.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  if (errno == ENOENT) return std::nullopt;
  posix::throw_errno("create the symbolic link " + quoted(name));
}

/// A file of that name is left from a call that was killed.
void Directory::replace_symlink(const std::string& target, const std::string& name) const {
  constexpr std::string_view act = "create the symbolic link";
  if (create_symlink(target, name, act)) return;
  remove(name);
  if (!create_symlink(target, name, act)) throw posix::system_error(EEXIST, std::string{act} + " " + quoted(name));
}

int Directory::create(const std::string& name) const {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  return create_with_parents(directory_.get(), name,
                             [&] { return ::openat(directory_.get(), name.c_str(), flags, private_file); });
}

/// Removes a file of that name instead of overwriting it, because it may be a hard link to another file. Several calls
/// of STATUS may write their file at the same time, hence the loop.
posix::FileDescriptor Directory::write_file(const std::string& name, std::string_view text) const {
  constexpr int max_attempts = 100;
  int number = create(name);
  for (int attempt = 1; number < 0 && errno == EEXIST && attempt < max_attempts; ++attempt) {
    remove(name);
    number = create(name);
  }
  posix::FileDescriptor file{number};
  if (!file) posix::throw_errno("write " + quoted(name));
  posix::write_all(file.get(), text);
  return file;
}

/// Removes a directory of that name, which prevents the renaming and belongs to no attachment.
void Directory::replace(const std::string& temporary, const std::string& name) const {
  const auto rename = [&] { return ::renameat(directory_.get(), temporary.c_str(), directory_.get(), name.c_str()); };
  int result = create_with_parents(directory_.get(), name, rename);
  if (result < 0 && errno == EISDIR) {
    remove_tree(directory_.get(), name);
    result = rename();
  }
  if (result < 0) posix::throw_errno("rename " + quoted(temporary) + " to " + quoted(name));
}

/// A read-only file system returns EROFS also for a missing file.
bool Directory::remove(const std::string& name) const {
  if (::unlinkat(directory_.get(), name.c_str(), 0) == 0) return true;
  const int error = errno;
  if (error == ENOENT || error == ENOTDIR || (error == EROFS && !symlink_target(name))) return false;
  if (error != EISDIR) throw posix::system_error(error, "remove " + quoted(name));
  remove_tree(directory_.get(), name);
  return true;
}

bool Directory::remove_if_empty(const std::string& name) const {
  if (::unlinkat(directory_.get(), name.c_str(), AT_REMOVEDIR) == 0) return true;
  const int error = errno;
  if (error == ENOTEMPTY || error == EEXIST) return false;
  if (error == ENOENT || error == ENOTDIR || (error == EROFS && !exists(name))) return true;
  throw posix::system_error(error, "remove the directory " + quoted(name));
}

}  // namespace state
