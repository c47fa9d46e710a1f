#pragma once

#include "plugin/vethctl/command.hpp"

#include <functional>

namespace vethctl {

/// Prints the logged calls. With --follow it continues while `wait` returns true; `wait` sleeps between two reads.
int events(const Arguments& arguments, const Console& console, const std::function<bool()>& wait);

}  // namespace vethctl
