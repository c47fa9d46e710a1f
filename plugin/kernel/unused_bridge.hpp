#pragma once

#include <string>

namespace kernel {

/// Removes the bridge from the namespace of this process if it has no ports and no addresses but link-local ones.
/// Returns false, and changes nothing, if there is no such bridge.
bool remove_unused_bridge(const std::string& name);

}  // namespace kernel
