#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/wiring/wiring.hpp"

namespace verbs {

/// Puts back what other attachments on record, in every state folder, had in the tables of this wiring and lost with
/// them (`nft flush ruleset`). Where one was skipped, since a call is at work on it, the next ADD does it all again;
/// what cannot be put back is reported by CHECK.
void restore_rules_of_others(const wiring::Wiring& own, const kernel::Site& site, kernel::Kernel& kernel,
                             const state::Folder& folder);

}  // namespace verbs
