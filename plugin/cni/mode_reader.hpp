#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/mode_config.hpp"

#include <optional>
#include <string>

// The key "mode" and the keys of each mode. Each function throws Error invalid_config and decoding_failure.
namespace cni {

Mode read_mode(JsonObject& network);

/// nullopt if no kind has this name.
std::optional<PairKind> find_pair_kind(std::string_view name);

/// The key "device". Rejects another one than "veth" in a mode other than "ptp".
PairKind read_pair_kind(JsonObject& network, Mode mode);

/// The key "bigTcp". Rejects it in a mode other than "ptp" and "bridge".
bool read_big_tcp(JsonObject& network, Mode mode);

/// The keys of mode "bridge", which are top-level keys.
BridgeConfig read_bridge(JsonObject& network);

/// The keys of mode "ovs", which are top-level keys. Rejects the names that these keys have in the plugin ovs-cni: a
/// port without its trunk would have access to all VLANs.
OvsConfig read_ovs(JsonObject& network);

/// The text if it is usable as the name of a logical port of OVN: 1 to 255 printable characters.
std::optional<std::string> find_ovn_port(const std::string& text);

/// The object "peer". Throws if the object or its key "netns" is missing.
PeerConfig read_peer(JsonObject& network);

}  // namespace cni
