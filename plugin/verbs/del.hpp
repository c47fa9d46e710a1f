#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"

#include <string>

namespace verbs {

/// DEL: takes the attachment away, with all that is left of it. Nothing of it has to be there: neither namespace, nor
/// link, record, state folder or a configuration that could be added. `root` is the root of the state folder. Throws
/// only where something is left that could not be removed, and what a delegate threw.
void del(const cni::Request& request, kernel::Kernel& kernel, const std::string& root);

}  // namespace verbs
