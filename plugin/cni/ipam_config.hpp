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

/// For IPAM executables: reads all keys whatever the type is, and sets the type to "veth-ipam". In the dialects of
/// reference plugins dataDir may be any folder.
IpamConfig read_builtin_ipam(JsonObject& network, ParseMode parse_mode, IpamDialect dialect = IpamDialect::veth_ipam);

/// Range sets: arrays of arrays of ranges.
RangeSets read_range_sets(const JsonValue& value, UnknownKeys unknown_keys);

}  // namespace cni
