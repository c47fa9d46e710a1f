#include "plugin/state/locks.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/layout.hpp"
#include "plugin/state/private_modes.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <utility>

namespace state {
namespace {

/// Locks of attachments are in the lower half of the file offsets, those of networks in the upper half.
constexpr std::uint64_t half = std::uint64_t{1} << 62U;
std::uint64_t attachment_offset(cni::Tag tag) { return tag.value >> 2U; }
std::uint64_t network_offset(std::string_view network) { return half + (cni::tag_of_network(network).value >> 2U); }

/// No network's name begins with '='.
std::uint64_t gateways_offset() { return network_offset("=gateways"); }
std::uint64_t connections_offset() { return network_offset("=connections"); }

posix::ByteLock take_lock(int file, std::uint64_t offset, std::chrono::milliseconds timeout,
                          const std::string& object) {
  if (auto lock = posix::ByteLock::take(file, offset, timeout)) return std::move(*lock);
  throw cni::Error{cni::ErrorCode::try_again_later, "cannot lock " + object + ": another call holds the lock",
                   "look for a hung \"veth\" process (ps -C veth,veth-ipam), and try again after it has ended"};
}

posix::FileDescriptor lock_file_in_memory() {
  posix::FileDescriptor file{::memfd_create("locks", MFD_CLOEXEC)};
  if (!file) posix::throw_errno("create a lock file in memory");
  return file;
}

posix::FileDescriptor open_lock_file(int directory, const std::string& path) {
  constexpr int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const std::string name{locks_name};
  posix::FileDescriptor file{::openat(directory, name.c_str(), flags, private_file)};
  if (!file) posix::throw_errno("open the lock file of " + text::quoted(path));
  return file;
}

posix::FileDescriptor find_lock_file(int directory, const std::string& path) {
  try {
    return open_lock_file(directory, path);
  } catch (const std::system_error& error) {
    const int number = error.code().value();
    if (number == EROFS || number == ENOSPC || number == EDQUOT) return lock_file_in_memory();
    throw;
  }
}

}  // namespace

Locks::Locks(posix::FileDescriptor file) : file_(std::move(file)) {}

Locks Locks::open(int directory, const std::string& path) { return Locks{open_lock_file(directory, path)}; }

Locks Locks::find(int directory, const std::string& path) { return Locks{find_lock_file(directory, path)}; }

posix::ByteLock Locks::attachment(const cni::Attachment& attachment, std::chrono::milliseconds timeout) const {
  return take_lock(file_.get(), attachment_offset(cni::tag_of(attachment)), timeout,
                   "container " + text::quoted(attachment.container) + ", interface " +
                       text::quoted(attachment.interface) + ", network " + text::quoted(attachment.network));
}

posix::ByteLock Locks::network(std::string_view name, std::chrono::milliseconds timeout) const {
  return take_lock(file_.get(), network_offset(name), timeout, "the addresses of network " + text::quoted(name));
}

posix::ByteLock Locks::gateways(std::chrono::milliseconds timeout) const {
  return take_lock(file_.get(), gateways_offset(), timeout, "the gateways on \"lo\"");
}

posix::ByteLock Locks::connections(std::chrono::milliseconds timeout) const {
  return take_lock(file_.get(), connections_offset(), timeout, "the addresses of connections");
}

std::optional<posix::ByteLock> Locks::try_attachment(cni::Tag tag) const {
  return posix::ByteLock::try_take(file_.get(), attachment_offset(tag));
}

std::optional<posix::ByteLock> Locks::try_attachment(cni::Tag tag, std::chrono::milliseconds timeout) const {
  return posix::ByteLock::take(file_.get(), attachment_offset(tag), timeout);
}

bool Locks::is_any_attachment_locked() const { return posix::ByteLock::is_any_taken(file_.get(), 0, half); }

}  // namespace state
