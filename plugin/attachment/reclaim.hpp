#pragma once

#include "plugin/attachment/teardown.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>
#include <vector>

// An attachment is stale where that is proven: no call holds its lock, and neither end of its pair exists. Leases of
// which no interface of ours is part are never stale, nor is a pair of mode netns, which cannot be seen from here.
namespace attachment {

/// The stale attachments of a network. The caller must hold no lock of an attachment of it by this folder object.
std::vector<state::Record> find_stale(const std::string& network, kernel::Kernel& kernel, const state::Folder& folder);

/// Tears down the stale attachments of a network; returns their records. `asking` is not touched: its lock is held by
/// the caller. Throws what could not be removed.
std::vector<state::Record> reclaim(const std::string& network, kernel::Kernel& kernel, state::Folder& folder,
                                   std::optional<cni::Tag> asking = std::nullopt);

/// Tears down one attachment if it is stale; returns its record then.
std::optional<state::Record> reclaim_one(const std::string& network, cni::Tag tag, kernel::Kernel& kernel,
                                         state::Folder& folder);

/// Attachments that have elements in nftables, and neither a record in any of the folders nor a link: nobody will ever
/// ask for their removal.
std::vector<wiring::Footprint> find_orphaned_rules(kernel::Kernel& kernel, const std::vector<state::Folder>& folders);

}  // namespace attachment
