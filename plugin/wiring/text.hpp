#pragma once

#include "plugin/wiring/wiring.hpp"

#include <optional>
#include <string>

namespace wiring {

/// The wiring as one JSON object, as in a record.
std::string to_text(const Wiring& wiring);

/// nullopt if the text is not a wiring.
std::optional<Wiring> find_wiring(const std::string& text);

/// The same without routes and neighbours: parsing takes half the time.
std::optional<Wiring> find_partial_wiring(const std::string& text);

}  // namespace wiring
