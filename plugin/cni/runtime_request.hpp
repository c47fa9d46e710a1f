#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/parse_mode.hpp"

#include <optional>
#include <string_view>
#include <vector>

// What the runtime requests for one container. Sources in order of precedence: runtimeConfig, args.cni, CNI_ARGS. For
// each setting only the first source that has it is used.
namespace cni {

/// The object args.cni of a configuration.
std::optional<JsonObject> find_args_cni(JsonObject& network);

/// Only what concerns the IPAM: addresses and ranges. In the dialect of host-local the addresses of all sources.
RuntimeRequest read_address_request(JsonObject& network, const Args& args, ParseMode parse_mode,
                                    IpamDialect dialect = IpamDialect::veth_ipam);

/// Only the port mappings.
std::vector<PortMapping> read_requested_ports(JsonObject& network);

/// The dialect of the reference plugin static: CNI_ARGS adds addresses to the configured ones, and gateways to those
/// whose prefix contains them.
std::vector<LeasedAddress> with_arguments(std::vector<LeasedAddress> configured, const Args& args);

/// The whole request. Under the name of a reference plugin without DNS settings and mapped ports, which that plugin
/// leaves to others.
RuntimeRequest read_runtime_request(JsonObject& network, const Args& args, ParseMode parse_mode,
                                    const Dialect& dialect = {});

}  // namespace cni
