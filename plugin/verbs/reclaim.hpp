#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

#include <string>

namespace verbs {

/// Gives back the leases of a network whose interface is provably gone: nobody holds the attachment's lock, and the
/// interface that the record names does not exist. Leases of which no interface of ours is part are never taken for
/// dead. Returns how many attachments were forgotten.
/// The lock of `asking` is held by the caller: its own lease is never looked at.
std::size_t reclaim(const cni::Attachment& asking, kernel::Kernel& kernel, state::Folder& folder);

/// Whether reclaim would find anything.
bool has_reclaimable(const std::string& network, kernel::Kernel& kernel, const state::Folder& folder);

}  // namespace verbs
