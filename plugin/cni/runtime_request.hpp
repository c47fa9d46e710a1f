#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/parse_mode.hpp"

#include <string_view>
#include <vector>

// What the runtime requests for one container. Sources in order of precedence: runtimeConfig, args.cni, CNI_ARGS. For
// each setting only the first source that has it is used.
namespace cni {

/// Only what concerns the IPAM: addresses and ranges.
RuntimeRequest read_address_request(JsonObject& network, const Args& args, ParseMode parse_mode);

/// Only the port mappings.
std::vector<PortMapping> read_requested_ports(JsonObject& network);

/// The whole request.
RuntimeRequest read_runtime_request(JsonObject& network, const Args& args, ParseMode parse_mode);

}  // namespace cni
