#pragma once

#include "plugin/vethctl/inspect/detail.hpp"

#include <cstddef>
#include <string>

namespace report {

/// All about one attachment: what it is, for each end what is wanted beside what the kernel has, counters, and the
/// differences.
std::string show(const inspect::Detail& detail, std::size_t width);

}  // namespace report
