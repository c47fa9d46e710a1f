#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace verbs {

using Print = std::function<void(std::string_view)>;

/// ADD: creates the attachment and prints its result. Before the namespaces are opened and verified nothing is written:
/// not even the state folder below `root` is created. On a failure, also of `print`, everything is rolled back. Throws
/// cni::Error already_attached if the attachment exists, and the errors of its steps.
void add(const cni::Request& request, kernel::Kernel& kernel, const std::string& root, const Print& print);

/// The same in an opened state folder.
void add(const cni::Request& request, kernel::Kernel& kernel, state::Folder& folder, const Print& print);

}  // namespace verbs
