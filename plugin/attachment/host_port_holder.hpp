#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

// The attachment that has a port of the host which another container wants.
namespace attachment {

/// Tears down the holder of the port where it is stale: no call holds its lock, and no end of its pair exists. False
/// where it is not, or something of it is left.
bool release_stale_holder(const kernel::Conflict& taken, kernel::Kernel& kernel, state::Folder& folder);

/// Throws cni::Error host_port_in_use with the holder's name.
[[noreturn]] void refuse_host_port(const kernel::Conflict& taken, kernel::Kernel& kernel, const state::Folder& folder);

}  // namespace attachment
