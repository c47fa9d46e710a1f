#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/state/record.hpp"

#include <optional>
#include <string>
#include <vector>

// The addresses of a record compared with the leases. The caller must hold the lock of the attachment.
namespace inspect {

/// Message about the first address of the record that another attachment holds; nullopt: none.
std::optional<std::string> find_lease_conflict(const state::Record& record, const state::Folder& folder);

/// The addresses of the record that no attachment holds: they may be assigned to another one.
std::vector<cni::IpAddress> unleased_addresses(const state::Record& record, const state::Folder& folder);

}  // namespace inspect
