#pragma once

#include "plugin/wiring/wiring.hpp"

#include <optional>
#include <string>

namespace wiring {

/// The wiring as one JSON object, as it stands in a record.
std::string to_text(const Wiring& wiring);

/// nullopt where the text is none.
std::optional<Wiring> find_wiring(const std::string& text);

/// The same without routes and neighbours, at half the cost: for lists of many.
std::optional<Wiring> find_outline(const std::string& text);

}  // namespace wiring
