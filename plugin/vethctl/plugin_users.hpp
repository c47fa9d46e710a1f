#pragma once

#include <string>
#include <vector>

namespace vethctl {

/// The paths of the configurations in the folder (.conf, .conflist, .json) with a plugin or an IPAM of one of these
/// types, in ascending order. Empty if the folder does not exist. Throws std::system_error.
std::vector<std::string> configurations_using(const std::vector<std::string>& types, const std::string& folder);

/// The configurations of other plugins whose names are before that of the first one with the plugin veth: a runtime
/// that uses one network of the folder uses the first. Files that runtimes skip, as they contain no network, are not
/// among them. Empty if no configuration uses veth. Throws std::system_error.
std::vector<std::string> configurations_before(const std::string& folder);

/// What follows from it, after the name of such a file.
constexpr auto preferred_advice =
    "comes before the configuration of veth in the order of names: containerd and the kubelet use the first one. "
    "Delete "
    "or rename the file if veth is to be used";

}  // namespace vethctl
