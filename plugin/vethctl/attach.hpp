#pragma once

#include "plugin/vethctl/command.hpp"

#include <vector>

// `vethctl add`, `del` and `check NETWORK NETNS`: vethctl calls the plugins of a network as a runtime does.
namespace vethctl {

/// The options that add, del and check have in common, without --conf-dir.
std::vector<Option> attach_options();

/// `vethctl check NETWORK NETNS`: CHECK of all plugins of the network.
int check_attachment(const Arguments& arguments, const Console& console);

}  // namespace vethctl
