#pragma once

#include "plugin/cni/process.hpp"

#include <functional>
#include <string_view>

namespace loopback {

/// Serves one call of the plugin "loopback", which sets up the interface `lo` of a container. Like the reference
/// plugin, it ignores CNI_IFNAME and CNI_ARGS, and has no keys of its own. Throws cni::Error and std::system_error.
void serve(cni::Call call, const std::function<void(std::string_view)>& print);

}  // namespace loopback
