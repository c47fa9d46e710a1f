#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

// The attachment that has a host port which another attachment requests.
namespace attachment {

/// Tears down the holder of the port if it is stale: no call holds its lock, and no end of its pair exists. False if
/// it is not stale, or its unrecorded rules could not be removed. Throws as reclaim_one() does.
bool release_stale_holder(const kernel::Conflict& taken, kernel::Kernel& kernel, state::Folder& folder);

/// Throws cni::Error host_port_in_use, which names the holder.
[[noreturn]] void throw_host_port_in_use(const kernel::Conflict& taken, kernel::Kernel& kernel,
                                         const state::Folder& folder);

}  // namespace attachment
