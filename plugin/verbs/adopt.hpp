#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>
#include <vector>

// An attachment that stands and is taken into the state folder. Its lock has to be held.
namespace verbs {

/// Says which of the record's addresses another attachment holds, and which one; nullopt where none.
std::optional<std::string> held_by_another(const state::Record& record, const state::Folder& folder);

/// The record's addresses that nobody holds: another attachment may be given them.
std::vector<cni::IpAddress> unheld_addresses(const state::Record& record, const state::Folder& folder);

/// Writes the record as live and takes its addresses: all of this, and nullopt, or none, and what held_by_another says.
std::optional<std::string> adopt(const state::Record& record, state::Folder& folder);

}  // namespace verbs
