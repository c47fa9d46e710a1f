#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/parse_mode.hpp"

#include <string_view>

// The object "ipam" of the network configuration.
namespace cni {

inline constexpr std::string_view builtin_ipam_type = "veth-ipam";

/// For the plugin veth. If the type is not "veth-ipam", only the type is read: the delegate reads the other keys.
IpamConfig read_ipam(JsonObject& network, ParseMode parse_mode);

/// For the executable veth-ipam: reads all keys whatever the type is, and sets the type to "veth-ipam".
IpamConfig read_builtin_ipam(JsonObject& network, ParseMode parse_mode);

/// Range sets: arrays of arrays of ranges.
RangeSets read_range_sets(const JsonValue& value, UnknownKeys unknown_keys);

}  // namespace cni
