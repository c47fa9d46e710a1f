#pragma once

#include "plugin/attachment/teardown.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

// An attachment is stale if no call holds its lock, and neither end of its pair exists. For find_stale() and reclaim()
// it also exists if the host has an interface of its name, whatever its kind and MAC: such an interface is searched for
// first, since that takes a hundredth of the time. A lease without an interface of this plugin is never stale, nor is a
// pair of mode netns, which cannot be observed from the host.
namespace attachment {

/// The stale attachments of a network. The caller must hold no lock of an attachment of it by this folder object.
std::vector<state::Record> find_stale(const std::string& network, kernel::Kernel& kernel, const state::Folder& folder);

/// Whether there is any.
bool has_stale(const std::string& network, kernel::Kernel& kernel, const state::Folder& folder);

/// Tears down the stale attachments of a network; returns their records. It skips `own`, whose lock the caller holds.
/// Throws if an object cannot be removed.
std::vector<state::Record> reclaim(const std::string& network, kernel::Kernel& kernel, state::Folder& folder,
                                   std::optional<cni::Tag> own = std::nullopt);

/// Tears down one attachment if it is stale, and returns its record; else nullopt. Throws as reclaim() does.
std::optional<state::Record> reclaim_one(const std::string& network, cni::Tag tag, kernel::Kernel& kernel,
                                         state::Folder& folder);

/// Attachments with elements in nftables, but without a link and without a record in any of the folders: no DEL will
/// remove them. Members of chains are not among them: their interface cannot be found without the record.
std::vector<wiring::Footprint> find_orphaned_rules(kernel::Kernel& kernel, std::span<const state::Folder> folders);

/// Removes the elements of these attachments. Called for a new state folder: if the earlier one was lost, a mapped port
/// of a container that is gone may lead to an address that is assigned again.
void remove_orphaned_rules(kernel::Kernel& kernel, const state::Folder& folder);

}  // namespace attachment
