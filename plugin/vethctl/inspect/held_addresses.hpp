#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/state/record.hpp"

#include <optional>
#include <string>
#include <vector>

// The addresses that a record names, and who holds them. The lock of the attachment has to be held.
namespace inspect {

/// Says which of the record's addresses another attachment holds, and which one; nullopt where none.
std::optional<std::string> held_by_another(const state::Record& record, const state::Folder& folder);

/// The record's addresses that no attachment holds: another one may be given them.
std::vector<cni::IpAddress> unheld_addresses(const state::Record& record, const state::Folder& folder);

}  // namespace inspect
