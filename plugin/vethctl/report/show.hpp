#pragma once

#include "plugin/vethctl/inspect/detail.hpp"

#include <cstddef>
#include <string>

namespace report {

/// One attachment in detail: identity, for each end the expected and the actual values, counters, and differences.
std::string show(const inspect::Detail& detail, std::size_t width);

}  // namespace report
