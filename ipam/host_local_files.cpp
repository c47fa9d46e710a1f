#include "ipam/host_local_files.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/file_lock.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/directory_reader.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <utility>

namespace ipam {
namespace {

constexpr std::size_t max_lease_bytes = 8192;
constexpr mode_t public_folder = 0755;
constexpr auto boot_file = "boot_id";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view white_space = " \t\r\n";
  const auto first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

std::string path_of(const std::string& data_dir, const std::string& network) { return data_dir + '/' + network; }

std::string boot_id() {
  constexpr std::size_t limit = 64;
  return posix::find_content(AT_FDCWD, "/proc/sys/kernel/random/boot_id", limit).value_or("");
}

std::time_t boot_time() {
  timespec now{};
  timespec since_boot{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return now.tv_sec - since_boot.tv_sec;
}

bool is_older(int directory, const std::string& name, std::time_t time) {
  struct stat status {};
  return ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mtim.tv_sec < time;
}

std::string cursor_name(std::size_t set) { return "last_reserved_ip." + std::to_string(set); }

}  // namespace

HostLocalHolder parse_host_local(std::string_view content) {
  const auto line = content.find('\n');
  const auto interface = line == std::string_view::npos ? std::string_view{} : trimmed(content.substr(line));
  return {.container = std::string{trimmed(content.substr(0, line))}, .interface = std::string{interface}};
}

HostLocalFiles::HostLocalFiles(std::string path, posix::FileDescriptor directory)
    : path_(std::move(path)), directory_(std::move(directory)) {}

HostLocalFiles HostLocalFiles::open(const std::string& data_dir, const std::string& network) {
  if (auto found = find(data_dir, network)) return std::move(*found);
  posix::create_folder(path_of(data_dir, network), public_folder);
  if (auto found = find(data_dir, network)) return std::move(*found);
  throw posix::system_error(ENOENT, "open " + text::quoted(path_of(data_dir, network)) + " after its creation");
}

std::optional<HostLocalFiles> HostLocalFiles::find(const std::string& data_dir, const std::string& network) {
  auto path = path_of(data_dir, network);
  auto directory = posix::find_file(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  if (!directory) return std::nullopt;
  HostLocalFiles files{std::move(path), std::move(*directory)};
  files.lock();
  return files;
}

void HostLocalFiles::lock() {
  constexpr std::chrono::seconds timeout{10};
  lock_ = posix::open_file(directory_.get(), "lock", O_RDONLY | O_CREAT | O_NOFOLLOW);
  if (posix::take_file_lock(lock_, timeout)) return;
  throw cni::Error{cni::ErrorCode::try_again_later,
                   "cannot lock " + text::quoted(path_ + "/lock") + ": another process holds the lock",
                   "look for a hung \"host-local\" process, and try again after it has ended"};
}

void HostLocalFiles::write(const std::string& name, std::string_view text) const {
  const auto file = posix::open_file(directory_.get(), name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  posix::write_all(file.get(), text, text::quoted(path_ + '/' + name));
}

/// A lease that cannot be written is removed: an empty file would block the address.
bool HostLocalFiles::take(const cni::IpAddress& address, const HostLocalHolder& holder) const {
  const auto name = cni::to_string(address);
  constexpr mode_t private_file = 0600;
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const posix::FileDescriptor file{::openat(directory_.get(), name.c_str(), flags, private_file)};
  if (!file && errno == EEXIST) return false;
  if (!file) posix::throw_errno("create the lease " + text::quoted(path_ + '/' + name));
  try {
    posix::write_all(file.get(), holder.container + "\r\n" + holder.interface, text::quoted(path_ + '/' + name));
  } catch (const std::system_error&) {
    ::unlinkat(directory_.get(), name.c_str(), 0);
    throw;
  }
  return true;
}

std::optional<HostLocalHolder> HostLocalFiles::holder_of(const cni::IpAddress& address) const {
  const auto content = posix::find_content(directory_.get(), cni::to_string(address), max_lease_bytes);
  return content ? std::optional{parse_host_local(*content)} : std::nullopt;
}

void HostLocalFiles::release(const cni::IpAddress& address) const {
  const auto name = cni::to_string(address);
  if (::unlinkat(directory_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return;
  posix::throw_errno("remove the lease " + text::quoted(path_ + '/' + name));
}

std::optional<cni::IpAddress> HostLocalFiles::last_reserved(std::size_t set) const {
  constexpr std::size_t limit = 256;
  const auto text = posix::find_content(directory_.get(), cursor_name(set), limit);
  return text ? cni::find_address(trimmed(*text)) : std::nullopt;
}

void HostLocalFiles::set_last_reserved(std::size_t set, const cni::IpAddress& address) const {
  write(cursor_name(set), cni::to_string(address));
}

/// The descriptor may have been read before.
std::vector<std::string> HostLocalFiles::names() const {
  if (::lseek(directory_.get(), 0, SEEK_SET) < 0) posix::throw_errno("read the folder " + text::quoted(path_));
  return state::names_in(directory_.get());
}

std::vector<cni::IpAddress> HostLocalFiles::taken() const {
  std::vector<cni::IpAddress> addresses;
  for (const auto& name : names()) {
    if (const auto address = cni::find_address(name)) addresses.push_back(*address);
  }
  std::ranges::sort(addresses);
  return addresses;
}

std::vector<cni::IpAddress> HostLocalFiles::held_by(
    const std::function<bool(const HostLocalHolder&)>& is_wanted) const {
  std::vector<cni::IpAddress> addresses;
  for (const auto& address : taken()) {
    const auto holder = holder_of(address);
    if (holder && is_wanted(*holder)) addresses.push_back(address);
  }
  return addresses;
}

/// Without the file, leases of this boot may be there: the reference plugin has written them. Those of the reference
/// plugin since the boot are kept by their time.
void HostLocalFiles::remove_leases_of_earlier_boots() const {
  constexpr std::size_t limit = 64;
  const auto own = boot_id();
  const auto last = posix::find_content(directory_.get(), boot_file, limit);
  if (last == own || own.empty()) return;
  const auto booted_at = boot_time();
  for (const auto& name : names()) {
    const bool is_stale = last && cni::find_address(name) && is_older(directory_.get(), name, booted_at);
    if (is_stale) ::unlinkat(directory_.get(), name.c_str(), 0);
  }
  write(boot_file, own);
}

}  // namespace ipam
