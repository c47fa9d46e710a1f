#pragma once

#include "plugin/vethctl/command.hpp"

#include <functional>

namespace vethctl {

/// Prints the calls that are logged. With --follow it goes on as long as `wait` returns true, which lets some time
/// pass.
int events(const Arguments& arguments, const Console& console, const std::function<bool()>& wait);

}  // namespace vethctl
