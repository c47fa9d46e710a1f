#pragma once

#include "plugin/attachment/teardown.hpp"
#include "plugin/wiring/footprint.hpp"

namespace attachment {

/// Reverts what a failed ADD has changed at the addresses of a bridge. A gateway that another attachment needs is kept.
/// Throws std::system_error.
void revert_bridge_change(const wiring::Footprint& footprint, const Node& node);

}  // namespace attachment
