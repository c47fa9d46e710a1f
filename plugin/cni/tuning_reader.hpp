#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/tuning.hpp"

#include <optional>
#include <string_view>

namespace cni {

/// The member of args.cni with this key, or else the top-level key.
std::optional<JsonValue> find_in_args_or_config(JsonObject& network, std::string_view key);

/// Reads the keys sysctl, txQLen, promisc and allmulti. args.cni overrides the top-level keys; two objects "sysctl" are
/// merged, setting by setting. Throws Error invalid_config for a name that is not below net, and for a value that is
/// not one line.
TuningConfig read_tuning(JsonObject& network);

}  // namespace cni
