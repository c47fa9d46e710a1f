#pragma once

#include "plugin/attachment/teardown.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/wiring/footprint.hpp"

// IPv6 gateways are on the host's lo, each once for all containers that need it. The state folder has a claim for each
// attachment that needs one; the gateway is removed with the last claim.
namespace attachment {

/// Claims the attachment's gateways, before they are added to lo. Throws std::system_error, and cni::Error if
/// another call holds the lock of the gateways for too long.
void claim_gateways(const wiring::Footprint& footprint, kernel::Kernel& kernel, state::Folder& folder);

/// Releases the attachment's claims, and removes the gateways that no other attachment needs. Without a state folder it
/// removes them if no other link of the network exists. Throws as claim_gateways().
void remove_gateways(const wiring::Footprint& footprint, const Node& node);

}  // namespace attachment
