#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/state/folder.hpp"

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

// Many attachments are worked on in batches whose locks are released one after the other: the kernel searches the locks
// of a file one by one, so thousands that are held together cost the square of their number.
namespace attachment {

/// Attachments with their locks held, and their records as they are under these.
struct LockedBatch {
  std::vector<posix::ByteLock> locks;
  std::vector<cni::Tag> tags;                ///< those whose lock is held, with a record or without
  std::vector<state::StoredRecord> records;  ///< of those that have one
  std::vector<cni::Tag> busy;                ///< those whose lock another call has not released in time
};

using Deadline = std::chrono::steady_clock::time_point;
/// No lock is waited for.
constexpr Deadline at_once{};

/// Locks that other calls hold are waited for until the deadline.
LockedBatch lock_batch(const std::string& network, std::span<const cni::Tag> tags, const state::Folder& folder,
                       Deadline deadline);

/// Calls `act` for one piece of the tags after the other.
void for_each_batch(std::span<const cni::Tag> tags, const std::function<void(std::span<const cni::Tag>)>& act);

}  // namespace attachment
