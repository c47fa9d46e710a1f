#include "plugin/vethctl/installed_files.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/hash.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

namespace vethctl {
namespace {

constexpr auto entries_name = ".veth-cni";
constexpr auto original_suffix = ".reference";
constexpr std::size_t max_installed_bytes = std::size_t{64} << 20U;

/// In hexadecimal. Detects accidental changes, not forgeries.
std::string hash_of(std::string_view content) {
  std::ostringstream text;
  text << std::hex << text::fnv1a(content);
  return text.str();
}

void lock(const posix::FileDescriptor& directory, const std::string& folder) {
  if (::flock(directory.get(), LOCK_EX | LOCK_NB) == 0) return;
  if (errno != EWOULDBLOCK) posix::throw_errno("lock folder " + text::quoted(folder));
  throw cni::Error{cni::ErrorCode::try_again_later, "another install is running in folder " + text::quoted(folder),
                   "try again later"};
}

}  // namespace

InstalledFiles InstalledFiles::open(const std::string& folder) {
  constexpr mode_t public_folder = 0755;
  posix::create_folder(folder, public_folder);
  if (auto found = find(folder)) return std::move(*found);
  throw posix::system_error(ENOENT, "open folder " + text::quoted(folder));
}

std::optional<InstalledFiles> InstalledFiles::find(const std::string& folder) {
  auto directory = posix::find_file(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY);
  if (!directory) return std::nullopt;
  lock(*directory, folder);
  return InstalledFiles{folder, std::move(*directory)};
}

InstalledFiles::InstalledFiles(std::string folder, posix::FileDescriptor directory)
    : folder_(std::move(folder)), directory_(std::move(directory)) {
  std::istringstream lines{content(entries_name).value_or("")};
  for (Entry entry; lines >> entry.second >> entry.first;) entries_.insert(entry);
}

Owner InstalledFiles::owner(const std::string& name) const {
  const auto found = content(name);
  if (!found) return Owner::none;
  return is_ours(name, *found) ? Owner::vethctl : Owner::other;
}

bool InstalledFiles::has(const InstallableFile& file) const { return content(file.name) == file.content; }

/// Between the two writes of the entries, both the old and the new content are listed: after a crash either is
/// recognized.
void InstalledFiles::put(const InstallableFile& file) {
  const Entry entry{file.name, hash_of(file.content)};
  entries_.insert(entry);
  write_entries();
  write(file);
  erase_entry(file.name);
  entries_.insert(entry);
  write_entries();
}

bool InstalledFiles::remove(const std::string& name, bool even_if_changed) {
  const auto found = content(name);
  const bool is_removed = found && (even_if_changed || is_ours(name, *found));
  if (is_removed && ::unlinkat(directory_.get(), name.c_str(), 0) < 0)
    posix::throw_errno("remove " + text::quoted(path(name)));
  erase_entry(name);
  write_entries();
  return is_removed;
}

void InstalledFiles::link(const std::string& name, const std::string& target) {
  const auto linked = content(target);
  if (!linked) throw posix::system_error(ENOENT, "link " + text::quoted(path(target)));
  if (owner(name) == Owner::other && content(name) != linked) keep_original(name);
  const Entry entry{name, hash_of(*linked)};
  entries_.insert(entry);
  write_entries();
  const auto temporary = '.' + name + ".new";
  ::unlinkat(directory_.get(), temporary.c_str(), 0);  // left by a crash
  const bool is_linked = ::linkat(directory_.get(), target.c_str(), directory_.get(), temporary.c_str(), 0) == 0;
  if (!is_linked) posix::throw_errno("link " + text::quoted(path(temporary)) + " to " + text::quoted(target));
  rename(temporary, name);
  erase_entry(name);
  entries_.insert(entry);
  write_entries();
}

/// As a second hard link, so that the name always leads to a plugin. The file may be a symbolic link.
void InstalledFiles::keep_original(const std::string& name) {
  const auto temporary = '.' + name + ".old";
  ::unlinkat(directory_.get(), temporary.c_str(), 0);  // left by a crash
  if (::linkat(directory_.get(), name.c_str(), directory_.get(), temporary.c_str(), 0) < 0)
    posix::throw_errno("link " + text::quoted(path(temporary)) + " to " + text::quoted(name));
  rename(temporary, name + original_suffix);
}

bool InstalledFiles::restore(const std::string& name) {
  const auto original = name + original_suffix;
  const bool has_original = ::faccessat(directory_.get(), original.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  if (!has_original || owner(name) == Owner::other) return false;
  rename(original, name);
  erase_entry(name);
  write_entries();
  return true;
}

bool InstalledFiles::is_link(const std::string& name, const std::string& target) const {
  struct stat left {};
  struct stat right {};
  return ::fstatat(directory_.get(), name.c_str(), &left, AT_SYMLINK_NOFOLLOW) == 0 &&
         ::fstatat(directory_.get(), target.c_str(), &right, AT_SYMLINK_NOFOLLOW) == 0 && left.st_ino == right.st_ino;
}

void InstalledFiles::rename(const std::string& from, const std::string& to) {
  if (::renameat(directory_.get(), from.c_str(), directory_.get(), to.c_str()) < 0)
    posix::throw_errno("rename " + text::quoted(path(from)) + " to " + text::quoted(to));
  if (::fsync(directory_.get()) < 0) posix::throw_errno("write folder " + text::quoted(folder_));
}

void InstalledFiles::require_writable() const {
  if (::faccessat(directory_.get(), ".", W_OK, AT_EACCESS) < 0)
    posix::throw_errno("remove files from folder " + text::quoted(folder_));
}

std::vector<std::string> InstalledFiles::names() const {
  std::vector<std::string> names;
  for (const auto& [name, hash] : entries_) {
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

std::optional<std::string> InstalledFiles::content(const std::string& name) const {
  return posix::find_content(directory_.get(), name, max_installed_bytes);
}

bool InstalledFiles::is_ours(const std::string& name, const std::string& content) const {
  return entries_.contains({name, hash_of(content)});
}

/// The temporary name ends in .new: runtimes ignore it.
void InstalledFiles::write(const InstallableFile& file) {
  constexpr mode_t program_mode = 0755;
  constexpr mode_t file_mode = 0644;
  const auto temporary = '.' + file.name + ".new";
  ::unlinkat(directory_.get(), temporary.c_str(), 0);  // left by a crash
  {
    const auto written = posix::open_file(directory_.get(), temporary, O_WRONLY | O_CREAT | O_EXCL);
    posix::write_all(written.get(), file.content, text::quoted(path(temporary)));
    const bool is_complete =
        ::fchmod(written.get(), file.is_program ? program_mode : file_mode) == 0 && ::fsync(written.get()) == 0;
    if (!is_complete) posix::throw_errno("complete " + text::quoted(path(temporary)));
  }
  rename(temporary, file.name);
}

/// Removes the file of the entries if there are none.
void InstalledFiles::write_entries() {
  if (entries_.empty()) {
    if (::unlinkat(directory_.get(), entries_name, 0) < 0 && errno != ENOENT)
      posix::throw_errno("remove " + text::quoted(path(entries_name)));
    return;
  }
  std::string text;
  for (const auto& [name, hash] : entries_) text.append(hash).append(" ").append(name).append("\n");
  write({.name = entries_name, .content = text});
}

void InstalledFiles::erase_entry(const std::string& name) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.first == name; });
}

}  // namespace vethctl
