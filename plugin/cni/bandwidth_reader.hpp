#pragma once

#include "plugin/cni/bandwidth.hpp"
#include "plugin/cni/json_reader.hpp"

namespace cni {

/// The key "bandwidth" of a network configuration and the capability of the same name in its runtimeConfig, in bits per
/// second and bits: for each direction the runtime's rate wins over the configuration's, and a burst of the
/// configuration is the most that the runtime's may be, since runtimes send the largest number there is. Throws Error
/// invalid_config for a rate below 1000, and for a burst of the runtime's without a rate.
Bandwidth read_bandwidth(JsonObject& network);

}  // namespace cni
