#include "plugin/state/location.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/byte_lock.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/directory_reader.hpp"
#include "plugin/state/host_namespace.hpp"
#include "plugin/state/layout.hpp"
#include "plugin/state/private_modes.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace state {
namespace {

constexpr std::size_t uuid_length = 36;
constexpr mode_t writable_by_others = S_IWGRP | S_IWOTH;
constexpr int max_depth = 8;

std::string read_boot_id() {
  const std::string path = "/proc/sys/kernel/random/boot_id";
  const auto file = posix::open_file(AT_FDCWD, path, O_RDONLY);
  std::string id(uuid_length, '\0');
  const ssize_t count = ::read(file.get(), id.data(), id.size());
  if (count < 0) posix::throw_errno("read " + text::quoted(path));
  if (static_cast<std::size_t>(count) != id.size()) throw posix::system_error(EIO, "read " + text::quoted(path));
  return id;
}

bool is_uuid(std::string_view text) {
  return text.size() == uuid_length && text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

[[noreturn]] void reject(const std::string& path, const std::string& reason, const std::string& advice) {
  throw cni::Error{cni::ErrorCode::system_refused, "state folder " + text::quoted(path) + " " + reason, advice};
}

std::string octal(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode));
  return text.data();
}

/// As geteuid(), without a system call. The process does not change its user.
uid_t own_user() { return static_cast<uid_t>(::getauxval(AT_EUID)); }

/// A user who can write here decides which files root removes and which addresses are allocated.
bool is_private(const struct stat& status) {
  return status.st_uid == own_user() && (status.st_mode & writable_by_others) == 0;
}

[[noreturn]] void reject_not_private(const struct stat& status, const std::string& path) {
  if (status.st_uid != own_user()) {
    reject(path, "belongs to user " + std::to_string(status.st_uid) + ", not to user " + std::to_string(own_user()),
           "remove it if it is not needed: the plugin creates it again");
  }
  reject(path, "can be written by others (mode " + octal(status.st_mode & 07777U) + ")",
         "remove the files of other users in it, then run chmod go-w on it");
}

void check_private(int directory, const std::string& path) {
  struct stat status {};
  if (::fstat(directory, &status) < 0) posix::throw_errno("stat " + text::quoted(path));
  if (!is_private(status)) reject_not_private(status, path);
}

void empty_directory(int directory, int level);

bool is_directory(int parent, const std::string& name) {
  struct stat status {};
  return ::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

/// A file that is missing because another process removed it is not an error.
void remove_at_level(int parent, const std::string& name, int level) {
  if (is_directory(parent, name)) {
    const auto directory = posix::find_file(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (directory) empty_directory(directory->get(), level);
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT) {
      posix::throw_errno("remove " + text::quoted(name));
    }
  } else if (::unlinkat(parent, name.c_str(), 0) < 0 && errno != ENOENT) {
    posix::throw_errno("remove " + text::quoted(name));
  }
}

void empty_directory(int directory, int level) {
  if (level >= max_depth) throw posix::system_error(ELOOP, "remove a directory");
  for (const auto& name : names_in(directory)) remove_at_level(directory, name, level + 1);
}

std::optional<posix::FileDescriptor> find_private(const std::string& path, const auto& find) try {
  std::optional<posix::FileDescriptor> directory = find();
  if (directory) check_private(directory->get(), path);
  return directory;
} catch (const std::system_error& error) {
  const int number = error.code().value();
  if (number == ENOTDIR || number == ELOOP) {
    reject(path, "is not a directory, or its path contains a symbolic link", "remove it: the plugin creates it again");
  }
  throw posix::system_error(number, "open " + text::quoted(path));
}

template <class Number>
std::optional<Number> find_number(std::string_view text) {
  Number number = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc{} && read.ptr == end ? std::optional{number} : std::nullopt;
}

/// The namespace of a folder of this boot with another cookie. nullopt for other names, and where the folder has no
/// mark: an earlier version created it.
std::optional<HostNamespace> find_other_namespace(int folder, std::string_view name, std::string_view own) {
  const auto prefix = own.substr(0, uuid_length + 1);
  const auto cookie = name.starts_with(prefix) ? find_number<std::uint64_t>(name.substr(prefix.size())) : std::nullopt;
  if (!cookie || name == own) return std::nullopt;
  std::array<char, 16> text{};
  const auto length = ::readlinkat(folder, namespace_mark, text.data(), text.size());
  const auto inode = find_number<std::uint32_t>({text.data(), length > 0 ? static_cast<std::size_t>(length) : 0});
  return inode ? std::optional{HostNamespace{.cookie = *cookie, .inode = *inode}} : std::nullopt;
}

bool is_locked(int folder) {
  constexpr std::uint64_t to_the_end = 0;
  const auto locks = posix::find_file(folder, std::string{locks_name}, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  return locks && posix::ByteLock::is_any_taken(locks->get(), 0, to_the_end);
}

/// Whether nobody uses the folder any more: its namespace is gone, and no call holds a lock in it.
bool is_unused(int root, const std::string& name, std::string_view own) {
  const auto folder = posix::find_file(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const auto netns = folder ? find_other_namespace(folder->get(), name, own) : std::nullopt;
  return netns && is_gone(*netns) && !is_locked(folder->get());
}

}  // namespace

std::string folder_name() { return read_boot_id() + "-" + std::to_string(own_netns_cookie()); }

bool belongs_to_another_boot(std::string_view name, std::string_view own) {
  if (name.size() <= uuid_length || name[uuid_length] != '-') return false;
  const std::string_view boot = name.substr(0, uuid_length);
  return is_uuid(boot) && is_number(name.substr(uuid_length + 1)) && boot != own.substr(0, uuid_length);
}

std::optional<posix::FileDescriptor> find_private_directory(int parent, const std::string& name,
                                                            const std::string& path) {
  return find_private(path, [&] { return posix::find_file(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW); });
}

std::optional<posix::FileDescriptor> find_private_path(const std::string& path) {
  return find_private(path, [&] { return posix::find_without_links(AT_FDCWD, path, O_RDONLY | O_DIRECTORY); });
}

void require_private(int parent, const std::string& parent_path, const std::string& name) {
  struct stat status {};
  if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return;
    posix::throw_errno("stat " + text::quoted(parent_path + '/' + name));
  }
  if (S_ISLNK(status.st_mode))
    reject(parent_path + '/' + name, "is a symbolic link", "find out what created it, and remove it");
  if (S_ISDIR(status.st_mode) && !is_private(status)) reject_not_private(status, parent_path + '/' + name);
}

posix::FileDescriptor make_private_directory(int parent, const std::string& name, const std::string& path) {
  if (auto found = find_private_directory(parent, name, path)) return std::move(*found);
  if (::mkdirat(parent, name.c_str(), private_directory) < 0 && errno != EEXIST) {
    posix::throw_errno("create the state folder " + text::quoted(path));
  }
  if (auto created = find_private_directory(parent, name, path)) return std::move(*created);
  throw posix::system_error(ENOENT, "open " + text::quoted(path));
}

void make_parents(const std::string& path) {
  for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (::mkdir(parent.c_str(), private_directory) < 0 && errno != EEXIST) {
      posix::throw_errno("create the directory " + text::quoted(parent));
    }
  }
}

void remove_tree(int parent, const std::string& name) { remove_at_level(parent, name, 0); }

void remove_unused_folders(int root, std::string_view own) {
  for (const auto& name : names_in(root)) {
    try {
      if (belongs_to_another_boot(name, own) || is_unused(root, name, own)) remove_tree(root, name);
    } catch (const std::system_error&) {
      continue;  // the folder is never read, and the next boot tries again
    }
  }
}

void mark_namespace(int folder) {
  const auto inode = std::to_string(own_host_namespace().inode);
  if (::symlinkat(inode.c_str(), folder, namespace_mark) < 0) return;
}

}  // namespace state
