#pragma once

#include "plugin/cni/environment.hpp"
#include "plugin/vethctl/runtime/run_list.hpp"

#include <string>
#include <vector>

namespace runtime {

/// "NAME=value" of each variable of this process except the CNI_* variables of the call, and those of the call.
std::vector<std::string> plugin_environment(const cni::Environment& call);

/// Runs executables of CNI_PATH (`call.path`). They inherit standard error. CNI_COMMAND is the verb of each run.
RunPlugin run_executables(cni::Environment call);

/// Folders separated by ':': the folder of this executable if it contains veth, and /opt/cni/bin.
std::string default_plugin_path();

}  // namespace runtime
