#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/vethctl/command.hpp"
#include "plugin/vethctl/runtime/run_list.hpp"

#include <functional>

namespace vethctl {

/// What `vethctl status` needs from the node.
struct StatusSources {
  runtime::RunPlugin run;
  std::function<bool(cni::Family)> forwards;  ///< whether the host forwards packets of the family
  bool can_write_sysctls = true;  ///< false: STATUS of a plugin would fail, although that of the runtime may
                                  ///< succeed; VERSION is called in its place
};

/// Prints whether containers can be added on this node, and what prevents it. Returns found_faults if anything does.
int status(const Arguments& arguments, const Console& console, const StatusSources& sources);

}  // namespace vethctl
