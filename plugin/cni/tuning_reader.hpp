#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/tuning.hpp"

#include <optional>
#include <string_view>

namespace cni {

/// The member of args.cni of this name, and the configuration's own where there is none.
std::optional<JsonValue> find_in_args_or_own(JsonObject& network, std::string_view key);

/// The keys sysctl, txQLen, promisc and allmulti, each of them in args.cni before the configuration's own; of two
/// objects "sysctl" both count, and args.cni wins where they name the same setting. Throws Error invalid_config for a
/// name that is not below net, and for a value that is not one line.
TuningConfig read_tuning(JsonObject& network);

}  // namespace cni
