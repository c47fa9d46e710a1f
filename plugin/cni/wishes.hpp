#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/tolerance.hpp"

#include <string_view>

// What the runtime wants for one container. Three places can say it, the strongest first: runtimeConfig, args.cni,
// CNI_ARGS. The strongest that says anything on a matter replaces the others, it adds nothing to them.
namespace cni {

/// What an IPAM is asked for: addresses and ranges.
Wishes read_address_wishes(JsonObject& network, const Args& args, const Tolerance& tolerance);

/// All of it.
Wishes read_wishes(JsonObject& network, const Args& args, const Tolerance& tolerance);

}  // namespace cni
