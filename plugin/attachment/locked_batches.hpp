#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/state/folder.hpp"

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

// Many attachments are processed in batches, and the locks of a batch are released before the next one: the kernel
// searches the locks of a file linearly, so the cost grows with the square of the number of locks held together.
namespace attachment {

/// Locked attachments, and their records, which were read under the locks.
struct LockedBatch {
  std::vector<posix::ByteLock> locks;
  std::vector<cni::Tag> tags;                ///< the locked attachments, with and without a record
  std::vector<state::StoredRecord> records;  ///< of those with a record
  std::vector<cni::Tag> busy;                ///< another call did not release the lock in time
};

using Deadline = std::chrono::steady_clock::time_point;
/// Skips attachments that are locked by other calls.
constexpr Deadline no_wait{};

/// Waits until the deadline for locks that other calls hold.
LockedBatch lock_batch(const std::string& network, std::span<const cni::Tag> tags, const state::Folder& folder,
                       Deadline deadline);

/// Calls `act` for each batch of the tags, in order.
void for_each_batch(std::span<const cni::Tag> tags, const std::function<void(std::span<const cni::Tag>)>& act);

}  // namespace attachment
