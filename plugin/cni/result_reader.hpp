#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/cni/version.hpp"

namespace cni {

/// The cniVersion of a result, or `assumed` if it has none. Throws Error decoding_failure for an unknown version.
Version read_result_version(JsonObject& result, Version assumed);

/// Reads a result in the form of `version`.
Result read_result(JsonObject& result, Version version);

}  // namespace cni
