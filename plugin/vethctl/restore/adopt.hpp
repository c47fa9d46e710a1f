#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>

// An attachment that exists and is taken into the state folder. Its lock has to be held.
namespace restore {

/// Writes the record as live, takes its addresses and claims its gateways: all of this, and nullopt, or none, and what
/// inspect::held_by_another says.
std::optional<std::string> adopt(const state::Record& record, kernel::Kernel& kernel, state::Folder& folder);

}  // namespace restore
