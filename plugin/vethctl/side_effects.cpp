#include "plugin/vethctl/side_effects.hpp"

#include "plugin/kernel/loopback.hpp"
#include "plugin/kernel/unused_bridge.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"

#include <exception>

namespace vethctl {
namespace {

/// The error of the command is more important than a failure to revert, which is only a warning.
void attempt(const Console& console, const std::function<void()>& step) {
  try {
    step();
  } catch (const std::exception& failure) {
    console.warn(std::string{"vethctl: cannot undo a part of the failed command: "} + failure.what() + '\n');
  }
}

/// Another command may use the bridge by now: then it has a port or an address, and stays.
void revert(const SideEffects& effects, kernel::Kernel& kernel, const Console& console) {
  if (!effects.created_bridge.empty()) {
    attempt(console, [&] { kernel::remove_unused_bridge(effects.created_bridge); });
  }
  for (const auto& path : effects.loopbacks) {
    attempt(console, [&] { kernel::set_loopback(kernel.open_namespace(path, false), false); });
  }
}

}  // namespace

void set_up_loopbacks(const cni::Request& request, kernel::Kernel& kernel, SideEffects& effects) {
  for (const auto& path : {request.netns, request.config.peer.netns}) {
    if (path.empty() || path == inspect::host_namespace_path) continue;
    const auto netns = kernel.open_namespace(path, false);
    if (kernel::observe_loopback(netns).is_up) continue;
    kernel::set_loopback(netns, true);
    effects.loopbacks.push_back(path);
  }
}

void revert_on_failure(const SideEffects& effects, kernel::Kernel& kernel, const Console& console,
                       const std::function<void()>& step) {
  try {
    step();
  } catch (const std::exception&) {
    revert(effects, kernel, console);
    throw;
  }
}

}  // namespace vethctl
