#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

// The attachment that has a host port or a gateway address which another attachment needs.
namespace attachment {

/// Tears down the holder of the port if it is stale: no call holds its lock, and no end of its pair exists. False where
/// it is not stale, or a part of it could not be removed.
bool release_stale_holder(const kernel::Conflict& taken, kernel::Kernel& kernel, state::Folder& folder);

/// Throws cni::Error host_port_in_use or address_in_use (kind gateway), which names the holder.
[[noreturn]] void throw_in_use(const kernel::Conflict& taken, kernel::Kernel& kernel, const state::Folder& folder);

/// Mode bridge: throws cni::Error address_in_use, which names the container, if a container of a network on the same
/// bridge has the address of a gateway that is about to be added to the bridge. Tears down a holder that is stale.
void check_new_gateway(const cni::Request& request, const cni::IpAddress& gateway, kernel::Kernel& kernel,
                       state::Folder& folder);

}  // namespace attachment
