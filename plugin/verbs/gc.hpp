#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

namespace verbs {

/// GC: removes all of this network that belongs to none of the valid attachments: links, leases, records. What another
/// call holds the lock of is in flight and stays. Without a list of valid attachments nothing is removed. `folder` is
/// null where there is none.
void gc(const cni::Request& request, kernel::Kernel& kernel, state::Folder* folder);

}  // namespace verbs
