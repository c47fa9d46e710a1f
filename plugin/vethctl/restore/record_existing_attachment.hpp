#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>

// Writes the record of an attachment that exists. The caller must hold its lock.
namespace restore {

/// Writes the record as live, takes its addresses and claims its gateways, and returns nullopt. If another attachment
/// holds one of the addresses, nothing is changed and the message of inspect::find_lease_conflict is returned.
std::optional<std::string> record_existing_attachment(const state::Record& record, kernel::Kernel& kernel,
                                                      state::Folder& folder);

}  // namespace restore
