#pragma once

#include "plugin/cni/process.hpp"

#include <functional>
#include <string_view>

namespace veth_ipam {

/// Serves one call of the plugin "veth-ipam", which allocates addresses for the interface of another plugin. These
/// leases have no objects in the kernel, so only DEL and GC release them. Throws cni::Error and std::system_error.
void serve(cni::Call call, const std::function<void(std::string_view)>& print);

}  // namespace veth_ipam
