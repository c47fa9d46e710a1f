#include "plugin/state/directory.hpp"

#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/directory_reader.hpp"
#include "plugin/state/location.hpp"
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

constexpr mode_t private_file = 0600;
constexpr mode_t private_directory = 0700;
constexpr std::string_view pending_ending = "/pending";
constexpr std::string_view live_ending = "/live";

/// False with errno where it is not there and cannot be made.
bool make_directory_at(int directory, const std::string& name) {
  return ::mkdirat(directory, name.c_str(), private_directory) == 0 || errno == EEXIST;
}

/// The directory of a network's live records is made with that of its pending ones: a record that goes live then needs
/// no room of its own.
bool make_stage_at(int directory, const std::string& name) {
  if (!name.ends_with(pending_ending)) return make_directory_at(directory, name);
  const auto live = name.substr(0, name.size() - pending_ending.size()) + std::string{live_ending};
  return make_directory_at(directory, live) && make_directory_at(directory, name);
}

/// False with errno where one of the directories above `name` cannot be made.
bool make_parents_at(int directory, const std::string& name) {
  for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    if (!make_stage_at(directory, name.substr(0, slash))) return false;
  }
  return true;
}

/// Calls what makes `name`, and where its directory is missing makes that and calls again: the usual call finds the
/// directory.
int put(int directory, const std::string& name, const auto& call) {
  const int result = call();
  if (result >= 0 || errno != ENOENT) return result;
  return make_parents_at(directory, name) ? call() : -1;
}

std::chrono::system_clock::time_point time_of(const timespec& time) {
  const auto since_epoch = std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
  return std::chrono::system_clock::time_point{
      std::chrono::duration_cast<std::chrono::system_clock::duration>(since_epoch)};
}

/// Empty for what is no regular file within the limit, and for what the disk cannot read. Other errors are no property
/// of the file. `quoted_path` is called for those only.
FileContent read_regular(int file, std::size_t limit, const auto& quoted_path) {
  struct stat status {};
  if (::fstat(file, &status) < 0) posix::throw_errno("look at " + quoted_path());
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

bool Directory::is_empty(const std::string& name, std::string_view besides) const {
  const auto directory = find_directory(name);
  if (!directory) return true;
  DirectoryReader reader{directory->get(), DirectoryReader::room_for_one};
  while (const auto entry = reader.next()) {
    if (entry->name.front() != '.' && entry->name != besides) return false;
  }
  return true;
}

bool Directory::exists(const std::string& name) const {
  struct stat status {};
  if (::fstatat(directory_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  posix::throw_errno("look at " + quoted(name));
}

std::optional<std::string> Directory::link_text(const std::string& name) const {
  std::array<char, PATH_MAX> buffer;
  const ssize_t length = ::readlinkat(directory_.get(), name.c_str(), buffer.data(), buffer.size());
  if (length >= 0) return std::string{buffer.data(), static_cast<std::size_t>(length)};
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  if (errno == EINVAL) return std::string{};
  posix::throw_errno("read the link " + quoted(name));
}

/// O_NONBLOCK: a FIFO would block the opening.
std::optional<FileContent> Directory::content(const std::string& name, std::size_t limit) const {
  const int number = ::openat(directory_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (number < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (number < 0 && (errno == ELOOP || errno == ENXIO)) return FileContent{};
  if (number < 0) posix::throw_errno("read " + quoted(name));
  const posix::FileDescriptor file{number};
  return read_regular(number, limit, [&] { return quoted(name); });
}

bool Directory::make_link(const std::string& target, const std::string& name, std::string_view act) const {
  const auto link = [&] { return ::symlinkat(target.c_str(), directory_.get(), name.c_str()); };
  if (put(directory_.get(), name, link) == 0) return true;
  if (errno == EEXIST) return false;
  posix::throw_errno(std::string{act} + " " + quoted(name));
}

std::optional<bool> Directory::make_link_inside(const std::string& target, const std::string& name) const {
  if (::symlinkat(target.c_str(), directory_.get(), name.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  if (errno == ENOENT) return std::nullopt;
  posix::throw_errno("make the link " + quoted(name));
}

/// A file of that name is what a call left that was ended in the middle.
void Directory::put_link(const std::string& target, const std::string& name) const {
  constexpr std::string_view act = "make the link";
  if (make_link(target, name, act)) return;
  remove(name);
  if (!make_link(target, name, act)) throw posix::system_error(EEXIST, std::string{act} + " " + quoted(name));
}

int Directory::create(const std::string& name) const {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  return put(directory_.get(), name, [&] { return ::openat(directory_.get(), name.c_str(), flags, private_file); });
}

/// A file of that name is replaced, never written into: it may have another name elsewhere. Of the probe of STATUS
/// there may be several at once.
posix::FileDescriptor Directory::write_file(const std::string& name, std::string_view text) const {
  constexpr int attempts = 100;
  int number = create(name);
  for (int attempt = 1; number < 0 && errno == EEXIST && attempt < attempts; ++attempt) {
    remove(name);
    number = create(name);
  }
  posix::FileDescriptor file{number};
  if (!file) posix::throw_errno("write " + quoted(name));
  posix::write_all(file.get(), text);
  return file;
}

/// A foreign directory of that name prevents the renaming, and belongs to no attachment.
void Directory::replace(const std::string& temporary, const std::string& name) const {
  const auto rename = [&] { return ::renameat(directory_.get(), temporary.c_str(), directory_.get(), name.c_str()); };
  int result = put(directory_.get(), name, rename);
  if (result < 0 && errno == EISDIR) {
    remove_tree(directory_.get(), name);
    result = rename();
  }
  if (result < 0) posix::throw_errno("rename " + quoted(temporary) + " to " + quoted(name));
}

/// A read-only file system returns EROFS for a file that is missing, too.
bool Directory::remove(const std::string& name) const {
  if (::unlinkat(directory_.get(), name.c_str(), 0) == 0) return true;
  const int error = errno;
  if (error == ENOENT || error == ENOTDIR || (error == EROFS && !link_text(name))) return false;
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
