#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/tolerance.hpp"

#include <string_view>

// The object "ipam" of the network configuration.
namespace cni {

inline constexpr std::string_view own_ipam_type = "veth-ipam";

/// As the plugin reads it: of a type that is not ours only the name is read, the rest is the delegate's.
IpamConfig read_ipam(JsonObject& network, const Tolerance& tolerance);

/// As veth-ipam reads it when it is called for another plugin, by whichever name: the object is ours, and the type
/// becomes "veth-ipam".
IpamConfig read_own_ipam(JsonObject& network, const Tolerance& tolerance);

/// Range sets: arrays of arrays of ranges.
RangeSets read_range_sets(const JsonValue& value, UnknownKeys unknown_keys);

}  // namespace cni
