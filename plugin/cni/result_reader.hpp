#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/cni/version.hpp"

namespace cni {

/// The version that a result names, `assumed` where it names none. Throws Error decoding_failure for an unknown one.
Version read_result_version(JsonObject& result, Version assumed);

/// A result in the form of `version`.
Result read_result(JsonObject& result, Version version);

}  // namespace cni
