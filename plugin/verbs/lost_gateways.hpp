#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

namespace verbs {

/// For after the removal of an attachment whose record was lost: takes the IPv6 gateways that the configuration and the
/// previous result name from the host's lo, unless anything of the network is left that may need them. `folder` is null
/// where there is none.
void remove_lost_gateways(const cni::Request& request, kernel::Kernel& kernel, const state::Folder* folder);

}  // namespace verbs
