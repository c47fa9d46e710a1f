#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/state/record.hpp"

#include <optional>

namespace verbs {

/// Whether the host's end was made by another plugin and taken over by `vethctl import`: it has neither our name nor
/// our alias, so its index and its name in the record are all that tells it.
bool is_imported(const state::Record& record);

/// The host's end of a recorded attachment; nullopt where it does not stand.
std::optional<kernel::HostLink> find_recorded_link(const state::Record& record, kernel::Kernel& kernel);

/// Removes the link of an imported attachment, unless its index, its name or its lack of an alias is not as recorded.
void remove_imported_link(const state::Record& record, kernel::Kernel& kernel);

}  // namespace verbs
