#pragma once

#include "plugin/cni/process.hpp"

#include <functional>
#include <string_view>

namespace verbs {

/// Serves one call of the plugin "veth-ipam": addresses for another plugin's interface. No interface of ours is part of
/// these leases, so DEL and GC alone give them back. Throws cni::Error and std::system_error.
void serve_lease(cni::Call call, const std::function<void(std::string_view)>& print);

}  // namespace verbs
