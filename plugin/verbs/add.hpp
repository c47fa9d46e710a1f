#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

#include <functional>
#include <string_view>

namespace verbs {

using Print = std::function<void(std::string_view)>;

/// ADD: makes the attachment and prints its result. A failure, of the printing too, has taken back all that was done.
/// Throws cni::Error already_attached where it stands, and whatever its steps throw.
void add(const cni::Request& request, kernel::Kernel& kernel, state::Folder& folder, const Print& print);

}  // namespace verbs
