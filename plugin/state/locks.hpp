#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/posix/byte_lock.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace state {

constexpr std::chrono::milliseconds lock_timeout{10'000};

/// The file "locks", with one byte for each network's allocation, one for each attachment and one for the gateways. The
/// object has to outlive the locks.
class Locks {
 public:
  /// Opens the file in the directory, and creates it if it is missing. `path` is that of the directory. Throws
  /// std::system_error.
  static Locks open(int directory, const std::string& path);

  /// The same, but uses a file in memory if the file is missing and cannot be created: no other call can hold a lock
  /// then, and DEL still removes the objects in the kernel.
  static Locks find(int directory, const std::string& path);

  // Each throws cni::Error try_again_later if another call holds the lock for longer than `timeout`.
  posix::ByteLock attachment(const cni::Attachment& attachment, std::chrono::milliseconds timeout = lock_timeout) const;
  posix::ByteLock network(std::string_view name, std::chrono::milliseconds timeout = lock_timeout) const;
  /// The lock of the gateways on lo, which all networks share.
  posix::ByteLock gateways(std::chrono::milliseconds timeout = lock_timeout) const;
  /// The lock of `vethctl connect` while it chooses or compares addresses.
  posix::ByteLock connections(std::chrono::milliseconds timeout = lock_timeout) const;

  /// nullopt while another call holds the lock. A lock that this object holds can be taken again; it is released when
  /// the first of the two is destroyed.
  std::optional<posix::ByteLock> try_attachment(cni::Tag tag) const;
  /// The same, but waits up to `timeout` for another call to end.
  std::optional<posix::ByteLock> try_attachment(cni::Tag tag, std::chrono::milliseconds timeout) const;

  /// Whether another call holds the lock of any attachment.
  bool is_any_attachment_locked() const;

 private:
  explicit Locks(posix::FileDescriptor file);

  posix::FileDescriptor file_;
};

}  // namespace state
