#pragma once

#include "plugin/cni/dialect.hpp"
#include "plugin/cni/process.hpp"

#include <functional>
#include <string_view>

namespace veth_ipam {

/// Serves one call under the name of a reference plugin, "host-local" or "static". It needs no state folder: host-local
/// has files of its own. Throws cni::Error and std::system_error.
void serve_reference(cni::Call call, cni::IpamDialect dialect, const std::function<void(std::string_view)>& print);

}  // namespace veth_ipam
