#pragma once

#include "plugin/cni/bandwidth.hpp"
#include "plugin/cni/json_reader.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cni {

/// The keys of one direction.
struct RateKeys {
  std::string_view rate;
  std::string_view burst;
};
constexpr RateKeys ingress_keys{"ingressRate", "ingressBurst"};
constexpr RateKeys egress_keys{"egressRate", "egressBurst"};

/// Reads the key "bandwidth" of a network configuration and the capability of the same name in runtimeConfig, in bits
/// per second and bits. For each direction, the runtime's rate overrides the configured rate. The burst is the smaller
/// of the two, because runtimes send the largest number that the type can hold. Throws Error invalid_config for a rate
/// below 1000, and if the runtime sets a burst without a rate.
Bandwidth read_bandwidth(JsonObject& network);

/// Throws Error unsupported_field if keys of the plugin bandwidth, which has them in the configuration itself, are
/// among the unknown keys: ignored, they would be limits without effect.
void refuse_keys_of_bandwidth(JsonObject& network, const std::vector<std::string>& ignored_keys);

}  // namespace cni
