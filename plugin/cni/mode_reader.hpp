#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/mode_config.hpp"

// The key "mode" and the keys of each mode. Each function throws Error invalid_config and decoding_failure.
namespace cni {

Mode read_mode(JsonObject& network);

/// The keys of mode "bridge", which are top-level keys.
BridgeConfig read_bridge(JsonObject& network);

/// The object "peer". Throws if the object or its key "netns" is missing.
PeerConfig read_peer(JsonObject& network);

}  // namespace cni
