#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

namespace verbs {

/// Puts back what others on record have in nftables and lost with the tables (`nft flush ruleset`). What is in flight
/// sees to itself, and what cannot be put back is told of by CHECK.
void restore_rules_of_others(const cni::Attachment& own, kernel::Kernel& kernel, const state::Folder& folder);

}  // namespace verbs
