#pragma once

#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <string>
#include <vector>

namespace wiring {

/// Each thing that is wanted and not there, or there otherwise, as one sentence; empty where all is well. What is there
/// and not wanted does not count: later plugins of a chain may add to an interface, and may move its routes to a table
/// of their own.
std::vector<std::string> difference(const Wiring& wanted, const Observed& observed);

}  // namespace wiring
