#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/wiring/wiring.hpp"

namespace verbs {

/// Restores the elements of other recorded attachments, of every state folder, after the tables were deleted (`nft
/// flush ruleset`). If an attachment is skipped because a call holds its lock, the next ADD restores everything again.
/// CHECK reports rules that cannot be restored.
void restore_rules_of_other_attachments(const wiring::Wiring& own, const kernel::AttachmentContext& context,
                                        kernel::Kernel& kernel, const state::Folder& folder);

}  // namespace verbs
