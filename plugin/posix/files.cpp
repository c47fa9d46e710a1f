#include "plugin/posix/files.hpp"

#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

namespace posix {
namespace {

constexpr mode_t private_file = 0600;

using Clock = std::chrono::steady_clock;

/// 0 if the deadline has passed.
int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::max(left.count(), std::chrono::milliseconds::rep{0}));
}

void wait_for_input(int file, Clock::time_point deadline) {
  pollfd waiting{.fd = file, .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&waiting, 1, milliseconds_until(deadline));
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) throw_errno("wait for the input");
  if (ready == 0) throw system_error(ETIMEDOUT, "wait for the end of the input");
}

/// `path` is used for errors only; empty: unknown.
std::string read_act(std::string_view path) { return path.empty() ? "read" : "read " + text::quoted(path); }

ssize_t read_some(int file, std::string_view path, std::span<char> buffer) {
  ssize_t count = 0;
  do {
    count = ::read(file, buffer.data(), buffer.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) throw_errno(read_act(path));
  return count;
}

/// Calls `wait_for_data` before each read. One page is enough for most texts, so they need two reads: the text and the
/// end.
std::string read_until_end(int file, std::string_view path, std::size_t limit, const auto& wait_for_data) {
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    wait_for_data();
    const auto count = static_cast<std::size_t>(read_some(file, path, buffer));
    if (count == 0) return text;
    if (text.size() + count > limit)
      throw system_error(EFBIG, read_act(path) + ": more than " + std::to_string(limit) + " bytes");
    text.append(buffer.data(), count);
  }
}

FileDescriptor open_resolved(int directory, const std::string& path, int flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<decltype(how.flags)>(flags | O_CLOEXEC);
  how.resolve = resolve;
  return FileDescriptor{static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how))};
}

}  // namespace

std::optional<FileDescriptor> find_file(int directory, const std::string& path, int flags) {
  const int file = ::openat(directory, path.c_str(), flags | O_CLOEXEC, private_file);
  if (file >= 0) return FileDescriptor{file};
  if (errno == ENOENT) return std::nullopt;
  throw_errno("open " + text::quoted(path));
}

FileDescriptor open_file(int directory, const std::string& path, int flags) {
  if (auto file = find_file(directory, path, flags)) return std::move(*file);
  throw system_error(ENOENT, "open " + text::quoted(path));
}

std::optional<FileDescriptor> find_without_links(int directory, const std::string& path, int flags) {
  auto file = open_resolved(directory, path, flags, RESOLVE_NO_SYMLINKS);
  if (file) return file;
  if (errno == ENOENT) return std::nullopt;
  throw_errno("open " + text::quoted(path));
}

FileDescriptor open_beneath(int directory, const std::string& path, int flags) {
  auto file = open_resolved(directory, path, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  if (!file) throw_errno("open " + text::quoted(path));
  return file;
}

std::string read_to_end(int file, std::size_t limit, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  return read_until_end(file, "", limit, [&] { wait_for_input(file, deadline); });
}

std::optional<std::string> find_content(int directory, const std::string& path, std::size_t limit) {
  const auto file = find_file(directory, path, O_RDONLY | O_NOFOLLOW);
  if (!file) return std::nullopt;
  return read_until_end(file->get(), path, limit, [] {});
}

void write_all(int file, std::string_view text, const std::string& object) {
  while (!text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno(object.empty() ? "write" : "write " + object);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool write_value(const std::string& path, std::string_view value) {
  const auto file = find_file(AT_FDCWD, path, O_WRONLY | O_NOFOLLOW);
  if (!file) return false;
  if (::write(file->get(), value.data(), value.size()) < 0)
    throw_errno("write " + text::quoted(value) + " to " + text::quoted(path));
  return true;
}

void create_folder(const std::string& path, mode_t mode) {
  const auto exists = [&] { return ::mkdir(path.c_str(), mode) == 0 || errno == EEXIST; };
  if (exists()) return;
  const auto end_of_parent = path.rfind('/');
  const bool has_parent = end_of_parent != std::string::npos && end_of_parent != 0;
  if (errno != ENOENT || !has_parent) throw_errno("create the folder " + text::quoted(path));
  create_folder(path.substr(0, end_of_parent), mode);
  if (!exists()) throw_errno("create the folder " + text::quoted(path));
}

bool remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  throw_errno("remove " + text::quoted(path));
}

}  // namespace posix
