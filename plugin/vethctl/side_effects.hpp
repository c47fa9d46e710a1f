#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/vethctl/command.hpp"

#include <functional>
#include <string>
#include <vector>

namespace vethctl {

/// What connect changes besides the pair.
struct SideEffects {
  std::string created_bridge{};          ///< name; empty: none, or it existed before
  std::vector<std::string> loopbacks{};  ///< paths of the namespaces whose lo was set up

  bool operator==(const SideEffects&) const = default;
};

/// A namespace that `ip netns add` has created cannot reach its own addresses until its lo is up. Sets up lo in both
/// namespaces of the connection if it is down.
void set_up_loopbacks(const cni::Request& request, kernel::Kernel& kernel, SideEffects& effects);

/// Runs the step. If it throws a std::exception, removes the created bridge, unless it is used by now, sets the
/// loopbacks down, and rethrows. Prints a warning for each of these that fails.
void revert_on_failure(const SideEffects& effects, kernel::Kernel& kernel, const Console& console,
                       const std::function<void()>& step);

}  // namespace vethctl
