#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

// A lease may be taken for dead where that is proved: nobody holds the attachment's lock, and the interface that its
// record names does not exist. Leases of which no interface of ours is part are never taken for dead.
namespace verbs {

/// Gives back the dead leases of a network. Returns how many attachments were forgotten. The lock of `asking` is held
/// by the caller: its own lease is never looked at.
std::size_t reclaim(const cni::Attachment& asking, kernel::Kernel& kernel, state::Folder& folder);

/// Gives back one lease, if it is dead; returns its record then.
std::optional<state::Record> reclaim_one(const std::string& network, cni::Tag tag, kernel::Kernel& kernel,
                                         state::Folder& folder);

/// The dead leases of a network. The caller must hold no lock of an attachment of it by this folder object.
std::vector<state::StoredRecord> reclaimable(const std::string& network, kernel::Kernel& kernel,
                                             const state::Folder& folder);

/// Whether reclaim would find anything.
bool has_reclaimable(const std::string& network, kernel::Kernel& kernel, const state::Folder& folder);

}  // namespace verbs
