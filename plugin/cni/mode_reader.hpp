#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/mode_config.hpp"

// The key "mode" and what belongs to each mode. Each function throws Error invalid_config and decoding_failure.
namespace cni {

Mode read_mode(JsonObject& network);

/// The keys of mode "bridge", which stand in the configuration itself.
BridgeConfig read_bridge(JsonObject& network);

/// The object "peer". Throws where it is missing or names no namespace.
PeerConfig read_peer(JsonObject& network);

}  // namespace cni
