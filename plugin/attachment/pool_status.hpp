#pragma once

#include "plugin/attachment/teardown.hpp"
#include "plugin/cni/request.hpp"

namespace attachment {

/// Checks whether the IPAM can serve an ADD. Throws its error; for a full pool cni::Error not_available, unless
/// readyWhenFull is set or the address of a stale attachment could be reclaimed. `node.folder` must not be null;
/// without `node.kernel` nothing is reclaimed.
void check_pool(const cni::Request& request, const Node& node);

}  // namespace attachment
