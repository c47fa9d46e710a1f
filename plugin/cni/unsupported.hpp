#pragma once

#include "plugin/cni/json_reader.hpp"

namespace cni {

/// Throws Error unsupported_field for what the configuration or the runtime wants and this version cannot do; the
/// message says what to do instead. Nothing that was asked for is silently left out. Each check goes when its feature
/// comes.
void refuse_unsupported(JsonObject& network);

}  // namespace cni
