#pragma once

#include "plugin/cni/error.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"

#include <string>

namespace verbs {

/// STATUS: whether an ADD could be served now: the network may be changed, the state folder below `root` be written,
/// and each range has an address that is free or could be reclaimed. Throws cni::Error not_available (50) with the
/// reason, and a delegate's error unchanged.
void status(const cni::Request& request, kernel::Kernel& kernel, const std::string& root);

}  // namespace verbs
