#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/posix/byte_lock.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace state {

constexpr std::chrono::milliseconds lock_patience{10'000};

/// The file "locks": a byte for each network's allocation, one for each attachment, one for the gateways. It has to
/// outlive the locks.
class Locks {
 public:
  /// Opens the file in the directory, and makes it where it is missing; `path` is that of the directory. Throws
  /// std::system_error.
  static Locks open(int directory, const std::string& path);

  /// The same. Where the file is missing and cannot be made, no other call can hold a lock, and a file in memory
  /// serves: DEL still removes what is in the kernel.
  static Locks find(int directory, const std::string& path);

  // Each throws Error try_again_later where another call holds the lock for longer than `patience`.
  posix::ByteLock attachment(const cni::Attachment& attachment,
                             std::chrono::milliseconds patience = lock_patience) const;
  posix::ByteLock network(std::string_view name, std::chrono::milliseconds patience = lock_patience) const;
  /// Of the gateways that the networks of this folder share on the host.
  posix::ByteLock gateways(std::chrono::milliseconds patience = lock_patience) const;

  /// nullopt while another call holds it. One that this same object holds is taken again, and is free when either of
  /// the two ends.
  std::optional<posix::ByteLock> try_attachment(cni::Tag tag) const;
  /// The same, but waits at most `patience` for another call to end.
  std::optional<posix::ByteLock> try_attachment(cni::Tag tag, std::chrono::milliseconds patience) const;

  /// Whether another call holds the lock of any attachment.
  bool is_any_attachment_locked() const;

 private:
  explicit Locks(posix::FileDescriptor file);

  posix::FileDescriptor file_;
};

}  // namespace state
