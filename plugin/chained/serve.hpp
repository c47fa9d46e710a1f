#pragma once

#include "plugin/cni/process.hpp"

#include <functional>
#include <string_view>

// The reference plugins portmap, bandwidth and tuning: members of a chain, which change the interface that an earlier
// plugin of the chain has created, and pass its result on.
namespace chained {

using Print = std::function<void(std::string_view)>;

// Each serves one call and prints its result. Throws cni::Error and std::system_error.
void serve_portmap(cni::Call call, const Print& print);
void serve_bandwidth(cni::Call call, const Print& print);
void serve_tuning(cni::Call call, const Print& print);

}  // namespace chained
