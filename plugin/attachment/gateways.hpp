#pragma once

#include "plugin/attachment/teardown.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/wiring/footprint.hpp"

// IPv6 gateways are on the host's lo, each once for all containers that need it. The state folder has a claim of each
// of these; the last one to leave takes the gateway along.
namespace attachment {

/// Writes down that the attachment needs its gateways, before they are put on lo. Throws std::system_error and, where
/// another call holds the lock of the gateways for too long, cni::Error.
void claim_gateways(const wiring::Footprint& footprint, kernel::Kernel& kernel, state::Folder& folder);

/// Gives up the attachment's claims, and removes the gateways that no other attachment needs. Without a state folder
/// those of which no other link of the network exists. Throws as claim_gateways().
void remove_gateways(const wiring::Footprint& footprint, const Node& node);

}  // namespace attachment
