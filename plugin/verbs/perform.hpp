#pragma once

#include "plugin/cni/dialect.hpp"
#include "plugin/cni/process.hpp"
#include "plugin/kernel/kernel.hpp"

#include <functional>
#include <string_view>

namespace verbs {

/// Serves one call of the plugin "veth", or under the name of a reference plugin. Throws cni::Error and
/// std::system_error.
void perform(cni::Call call, kernel::Kernel& kernel, const std::function<void(std::string_view)>& print,
             const cni::Dialect& dialect = {});

}  // namespace verbs
