#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

namespace verbs {

/// CHECK: compares the container with prevResult, and the host with the record. `folder` is null if it does not
/// exist. Throws cni::Error differs with all differences, invalid_config without a prevResult, and the errors of the
/// IPAM's check.
void check(const cni::Request& request, kernel::Kernel& kernel, state::Folder* folder);

}  // namespace verbs
