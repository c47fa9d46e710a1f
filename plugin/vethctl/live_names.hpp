#pragma once

#include "plugin/vethctl/completion.hpp"

namespace vethctl {

/// The names that exist on this node. A kind that cannot be read, as without root, has none. The console must outlive
/// it.
NameSource live_names(const Console& console);

}  // namespace vethctl
