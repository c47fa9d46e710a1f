#pragma once

#include "plugin/cni/error.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"

#include <string>

namespace verbs {

/// STATUS: checks whether an ADD could be served now. The plugin must be able to change the network and to write the
/// state folder below `root`, and each range set needs an address that is free or can be reclaimed. Throws cni::Error
/// not_available (50) with the reason, and a delegate's error unchanged.
void status(const cni::Request& request, kernel::Kernel& kernel, const std::string& root);

}  // namespace verbs
