#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

// Who has a port of the host that another container wants.
namespace verbs {

/// Takes the port from its holder where that is proved to be dead: its lock is free, and its interface is gone. False
/// where it is not.
bool release_dead_holder(const kernel::HostPortTaken& taken, kernel::Kernel& kernel, state::Folder& folder);

/// Throws cni::Error host_port_in_use with the holder's name.
[[noreturn]] void refuse_host_port(const kernel::HostPortTaken& taken, kernel::Kernel& kernel,
                                   const state::Folder& folder);

}  // namespace verbs
