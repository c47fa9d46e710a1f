#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"

#include <string>

namespace verbs {

/// DEL: removes the attachment and everything that is left of it. Nothing has to exist: no namespace, link, record or
/// state folder, and the configuration may be invalid for ADD. `root` is the root of the state folder. Throws only if
/// an object cannot be removed, and the error of a delegate.
void del(const cni::Request& request, kernel::Kernel& kernel, const std::string& root);

}  // namespace verbs
