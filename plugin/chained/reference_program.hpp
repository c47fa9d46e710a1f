#pragma once

#include "plugin/cni/process.hpp"
#include "plugin/cni/request.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace chained {

/// The reference plugin that was replaced by this program: NAME.reference in a folder of CNI_PATH, which `vethctl
/// install
/// --replace-reference` has put there.
std::optional<std::string> find_reference_program(const std::string& name, const std::vector<std::string>& folders);

/// Runs it with the input and the environment of this call, and prints its result. Throws its error.
void run_reference_program(const std::string& path, const cni::Request& request,
                           const std::function<void(std::string_view)>& print);

}  // namespace chained
