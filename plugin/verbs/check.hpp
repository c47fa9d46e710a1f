#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

namespace verbs {

/// CHECK: what the container must have comes from prevResult, what the host must have from the record. `folder` is null
/// where there is none. Throws cni::Error differs with every difference, invalid_config without a prevResult, and what
/// the IPAM's check throws.
void check(const cni::Request& request, kernel::Kernel& kernel, state::Folder* folder);

}  // namespace verbs
