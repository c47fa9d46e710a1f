#pragma once

#include "plugin/cni/process.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace veth_ipam {

/// Serves one call of the IPAM plugin of this name: "host-local", "static", or "veth-ipam" for any other.
void serve_by_name(const std::string& name, cni::Call call, const std::function<void(std::string_view)>& print);

}  // namespace veth_ipam
