#pragma once

#include "plugin/cni/process.hpp"

#include <functional>
#include <string_view>

namespace veth_ipam {

/// Serves one call of the plugin "veth-ipam": addresses for another plugin's interface. Nothing in the kernel belongs
/// to these leases, so only DEL and GC give them back. Throws cni::Error and std::system_error.
void serve(cni::Call call, const std::function<void(std::string_view)>& print);

}  // namespace veth_ipam
