#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace verbs {

using Print = std::function<void(std::string_view)>;

/// ADD: makes the attachment and prints its result. Nothing is written, not even the state folder below `root` made,
/// before the namespaces have been opened and verified. A failure, of the printing too, has taken back all that was
/// done. Throws cni::Error already_attached where it stands, and whatever its steps throw.
void add(const cni::Request& request, kernel::Kernel& kernel, const std::string& root, const Print& print);

}  // namespace verbs
