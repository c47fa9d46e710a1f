#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

namespace verbs {

/// GC: removes the links, leases and records of this network that belong to none of the valid attachments. An
/// attachment whose lock another call holds is in flight and is kept. Without a list of valid attachments nothing is
/// removed. `folder` is null if it does not exist.
void gc(const cni::Request& request, kernel::Kernel& kernel, state::Folder* folder);

}  // namespace verbs
